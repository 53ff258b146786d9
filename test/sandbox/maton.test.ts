import { expect, test } from "vitest";
import {
  controlHost,
  createSandboxClient,
  type SandboxClient,
  startedAt,
} from "../support/sandbox-client.ts";

const connectionsUrl = `${controlHost}/connections`;

async function listConnections({ send }: SandboxClient, query = "") {
  return (await send("GET", connectionsUrl + query)).body.connections;
}

async function firstConnections(client: SandboxClient) {
  const [active, pending, failed] = await listConnections(client);
  if (!active || !pending || !failed) throw new Error("Fewer connections than seeded.");
  return { active, pending, failed };
}

test("any other key gets Maton's 401 on both hosts, before anything else is checked", async () => {
  const { send } = createSandboxClient();
  for (const path of [connectionsUrl, "/Contacts?fields=id", "/nowhere"]) {
    const reply = await send("GET", path, undefined, { authorization: "Bearer other" });
    expect(reply.status).toBe(401);
    expect(reply.body).toEqual({ error: { message: "Invalid API key", code: 401 } });
  }
});

test("there are an ACTIVE, a PENDING and a FAILED connection, which the query filters", async () => {
  const client = createSandboxClient();
  const all = await listConnections(client);
  expect(all.map((entry) => entry.status)).toEqual(["ACTIVE", "PENDING", "FAILED"]);
  for (const entry of all) {
    expect(entry.url).toMatch(/^https:\/\/connect\.maton\.ai\/\?session_token=[0-9a-f]{48}$/);
    expect(entry.connection_id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(entry.creation_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  }
  expect(await listConnections(client, "?app=zoho-bigin&status=PENDING")).toHaveLength(1);
  expect(await listConnections(client, "?limit=2")).toHaveLength(2);
  expect(await listConnections(client, "?app=slack")).toEqual([]);
});

test("a new connection is PENDING, turns ACTIVE on the third GET, and can be deleted", async () => {
  const { send } = createSandboxClient();
  const created = await send("POST", connectionsUrl, { app: "zoho-bigin" });
  expect(created.status).toBe(200);
  expect(Object.keys(created.body.connection)).toEqual(["connection_id", "status", "url"]);
  const url = `${connectionsUrl}/${created.body.connection.connection_id}`;
  const statuses = [];
  for (let n = 0; n < 4; n += 1) statuses.push((await send("GET", url)).body.connection.status);
  expect(statuses).toEqual(["PENDING", "PENDING", "ACTIVE", "ACTIVE"]);
  expect((await send("DELETE", url)).status).toBe(200);
  const deleted = await send("GET", url);
  expect(deleted.status).toBe(404);
  expect(deleted.body.error).toMatchObject({ type: "Not Found", code: 404 });
});

test("a reset forgets how often a connection was read", async () => {
  const client = createSandboxClient();
  const { pending } = await firstConnections(client);
  const read = async () =>
    (await client.send("GET", `${connectionsUrl}/${pending.connection_id}`)).body.connection.status;
  expect([await read(), await read()]).toEqual(["PENDING", "PENDING"]);
  client.sandbox.reset();
  expect(await read()).toBe("PENDING");
});

test.each([
  [1, ["connection_id"]],
  [2, ["connection"]],
  [3, ["connection_id", "status", "url"]],
] as const)("a created connection comes in documented shape %i", async (createShape, keys) => {
  const { send } = createSandboxClient({ createShape });
  const { body } = await send("POST", connectionsUrl, { app: "zoho-bigin" });
  expect(Object.keys(body)).toEqual(keys);
});

test("creating a connection needs an app that Maton knows", async () => {
  const { send } = createSandboxClient();
  expect((await send("POST", connectionsUrl, {})).body.error.code).toBe(400);
  expect((await send("POST", connectionsUrl, { app: "nope" })).body.error.code).toBe(400);
});

test("the header selects a connection: unknown is 404, not ACTIVE is 400, none left is 400", async () => {
  const client = createSandboxClient();
  const { active, pending, failed } = await firstConnections(client);
  const list = (id?: string) =>
    client.send("GET", "/Contacts?fields=id", undefined, id ? { "Maton-Connection": id } : {});
  expect((await list()).status).toBe(200);
  expect((await list(active.connection_id)).status).toBe(200);
  const unknown = await list("nope");
  expect(unknown.status).toBe(404);
  expect(unknown.body.error).toMatchObject({ type: "Not Found", code: 404 });
  for (const other of [pending, failed]) expect((await list(other.connection_id)).status).toBe(400);
  await client.send("DELETE", `${connectionsUrl}/${active.connection_id}`);
  const noneLeft = await list();
  expect(noneLeft.status).toBe(400);
  expect(noneLeft.body.error.message).toMatch(/connection/i);
});

test("a path without the app is Maton's 400, a wrong path below the app is Zoho's 404", async () => {
  const { send } = createSandboxClient();
  const noApp = await send("GET", "https://gateway.maton.ai/bigin/v2/Contacts?fields=id");
  expect(noApp.body.error.code).toBe(400);
  const v1 = await send("GET", "https://gateway.maton.ai/zoho-bigin/bigin/v1/Contacts?fields=id");
  expect([v1.status, v1.body.code]).toEqual([404, "INVALID_URL_PATTERN"]);
});

test("the maton profile grants what Maton's README lists and nothing else", async () => {
  const { get, id } = createSandboxClient({ profile: "maton" });
  const contact = id("Contacts");
  const granted = [
    "/Contacts?fields=id",
    "/Pipelines?fields=id",
    "/users",
    "/settings/modules",
    "/settings/modules/Contacts",
    "/Contacts/search?word=an",
    "/Contacts/actions/count",
    `/Contacts/${contact}/Pipelines?fields=id`,
  ];
  for (const path of granted) expect([200, 204], path).toContain((await get(path)).status);
  const refused = [
    "/Tasks?fields=id",
    "/Notes?fields=id",
    "/Service_Contracts?fields=id",
    "/settings/fields?module=Contacts",
    "/settings/layouts?module=Pipelines",
    "/org",
    "/settings/roles",
    `/Contacts/${contact}/Notes?fields=id`,
  ];
  for (const path of refused) {
    const { status, body } = await get(path);
    expect([status, body.code], path).toEqual([401, "OAUTH_SCOPE_MISMATCH"]);
  }
});

test("the seeded company has a believable size", () => {
  const { store } = createSandboxClient().sandbox;
  const size = (module: string) => store.records(module).size;
  expect(size("Accounts")).toBeGreaterThanOrEqual(60);
  expect(size("Contacts")).toBeGreaterThanOrEqual(150);
  expect(size("Products")).toBe(25);
  expect(size("Pipelines")).toBeGreaterThanOrEqual(120);
  expect(size("Tasks")).toBeGreaterThanOrEqual(60);
  expect(size("Events")).toBeGreaterThanOrEqual(40);
  expect(size("Calls")).toBeGreaterThanOrEqual(40);
  expect(size("Notes")).toBeGreaterThanOrEqual(80);
  expect(size("Service_Contracts")).toBe(12);
});

test("the seeded data cover every sub-pipeline, missing and unique addresses, and this month", () => {
  const { store } = createSandboxClient().sandbox;
  const deals = [...store.records("Pipelines").values()];
  expect(new Set(deals.map((deal) => deal["Sub_Pipeline"])).size).toBe(5);
  expect(deals.filter((deal) => !/^7618134000\d{9}$/.test(deal.id))).toEqual([]);
  const month = new Date(startedAt).toISOString().slice(0, 7);
  expect(deals.some((deal) => String(deal["Closing_Date"]).startsWith(month))).toBe(true);
  const emails = [...store.records("Contacts").values()].map((contact) => contact["Email"]);
  const given = emails.filter((email) => email !== null);
  expect(given.length).toBeLessThan(emails.length);
  expect(new Set(given).size).toBe(given.length);
});

test("the request log has what arrived, without the key", async () => {
  const { sandbox, send } = createSandboxClient();
  await send("GET", "/Contacts?fields=id", undefined, { "X-Trace": "1" });
  const [entry] = sandbox.requests;
  expect(entry).toMatchObject({
    method: "GET",
    path: "/zoho-bigin/bigin/v2/Contacts",
    search: "?fields=id",
    status: 200,
  });
  expect(entry?.headers["x-trace"]).toBe("1");
  expect(JSON.stringify(sandbox.requests)).not.toContain("Bearer");
});
