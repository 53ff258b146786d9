import { expect, test } from "vitest";
import { bench, CONTROL, NOW } from "./harness.ts";

const connections = async (b: ReturnType<typeof bench>, query = "") =>
  (await b.call("GET", `${CONTROL}/connections${query}`)).body.connections;

test("any other key gets Maton's 401, on both hosts", async () => {
  const b = bench();
  const wrong = { authorization: "Bearer other" };
  for (const path of [`${CONTROL}/connections`, "/Contacts?fields=id", "/nowhere"]) {
    const answer = await b.call("GET", path, undefined, wrong);
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ error: { message: "Invalid API key", code: 401 } });
  }
});

test("one ACTIVE, one PENDING and one FAILED connection, each with a link, filtered by query", async () => {
  const b = bench();
  const all = await connections(b);
  expect(all.map((entry: { status: string }) => entry.status)).toEqual([
    "ACTIVE",
    "PENDING",
    "FAILED",
  ]);
  for (const entry of all) {
    expect(entry.url).toMatch(/^https:\/\/connect\.maton\.ai\/\?session_token=[0-9a-f]{48}$/);
    expect(entry.connection_id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(entry.creation_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  }
  expect(await connections(b, "?app=zoho-bigin&status=PENDING")).toHaveLength(1);
  expect(await connections(b, "?app=slack")).toEqual([]);
});

test("a new connection is PENDING, turns ACTIVE on the third look, and can be deleted", async () => {
  const b = bench();
  const made = await b.call("POST", `${CONTROL}/connections`, { app: "zoho-bigin" });
  expect(made.status).toBe(200);
  expect(Object.keys(made.body.connection)).toEqual(["connection_id", "status", "url"]);
  const path = `${CONTROL}/connections/${made.body.connection.connection_id}`;
  const seen = [];
  for (let look = 0; look < 4; look += 1)
    seen.push((await b.call("GET", path)).body.connection.status);
  expect(seen).toEqual(["PENDING", "PENDING", "ACTIVE", "ACTIVE"]);
  expect((await b.call("DELETE", path)).status).toBe(200);
  const gone = await b.call("GET", path);
  expect(gone.status).toBe(404);
  expect(gone.body.error).toMatchObject({ type: "Not Found", code: 404 });
});

test("a reset forgets how often a connection was looked at", async () => {
  const b = bench();
  const [, pending] = await connections(b);
  const look = async () =>
    (await b.call("GET", `${CONTROL}/connections/${pending.connection_id}`)).body.connection.status;
  expect([await look(), await look()]).toEqual(["PENDING", "PENDING"]);
  b.sandbox.reset();
  expect(await look()).toBe("PENDING");
});

test("the three documented shapes of a created connection", async () => {
  const keys = async (createShape: 1 | 2 | 3) => {
    const b = bench({ createShape });
    return Object.keys(
      (await b.call("POST", `${CONTROL}/connections`, { app: "zoho-bigin" })).body,
    );
  };
  expect(await keys(1)).toEqual(["connection_id"]);
  expect(await keys(2)).toEqual(["connection"]);
  expect(await keys(3)).toEqual(["connection_id", "status", "url"]);
});

test("creating needs an app Maton knows", async () => {
  const b = bench();
  expect((await b.call("POST", `${CONTROL}/connections`, {})).status).toBe(400);
  expect((await b.call("POST", `${CONTROL}/connections`, { app: "nope" })).body.error.code).toBe(
    400,
  );
});

test("the connection header selects; unknown is 404, not ACTIVE is 400, none left is 400", async () => {
  const b = bench();
  const [active, pending, failed] = await connections(b);
  const list = (id?: string) =>
    b.call(
      "GET",
      "/Contacts?fields=id&per_page=1",
      undefined,
      id ? { "Maton-Connection": id } : {},
    );
  expect((await list()).status).toBe(200);
  expect((await list(active.connection_id)).status).toBe(200);
  const unknown = await list("nope");
  expect(unknown.status).toBe(404);
  expect(unknown.body.error).toEqual({
    message: "Connection nope not found",
    type: "Not Found",
    code: 404,
  });
  for (const other of [pending, failed]) expect((await list(other.connection_id)).status).toBe(400);
  await b.call("DELETE", `${CONTROL}/connections/${active.connection_id}`);
  const none = await list();
  expect(none.status).toBe(400);
  expect(none.body.error.message).toMatch(/connection/i);
});

test("a path without the app is Maton's 400; a wrong path below the app is Zoho's 404", async () => {
  const b = bench();
  const noApp = await b.call("GET", "https://gateway.maton.ai/bigin/v2/Contacts?fields=id");
  expect(noApp.body.error.code).toBe(400);
  const v1 = await b.call("GET", "https://gateway.maton.ai/zoho-bigin/bigin/v1/Contacts?fields=id");
  expect(v1.status).toBe(404);
  expect(v1.body.code).toBe("INVALID_URL_PATTERN");
});

test("the maton profile grants what Maton's README says and nothing more", async () => {
  const b = bench({ profile: "maton" });
  const contact = b.id("Contacts");
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
  for (const path of granted) expect([200, 204], path).toContain((await b.get(path)).status);
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
    const answer = await b.get(path);
    expect(answer.status, path).toBe(401);
    expect(answer.body.code, path).toBe("OAUTH_SCOPE_MISMATCH");
  }
});

test("the same seed and clock make the same data, another seed other data, reset restores", async () => {
  const dump = (seed: number) => {
    const { store } = bench({ seed }).sandbox;
    return JSON.stringify([...store.records("Contacts").values(), ...store.connections().values()]);
  };
  expect(dump(1)).toBe(dump(1));
  expect(dump(1)).not.toBe(dump(2));
  const b = bench();
  const before = JSON.stringify([...b.sandbox.store.records("Products").values()]);
  await b.call("DELETE", `/Products/${b.id("Products")}`);
  b.sandbox.reset();
  expect(JSON.stringify([...b.sandbox.store.records("Products").values()])).toBe(before);
  expect(b.sandbox.requests).toEqual([]);
});

test("a company of believable size", () => {
  const { store } = bench().sandbox;
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
  const deals = [...store.records("Pipelines").values()];
  const subPipelines = new Set(deals.map((deal) => deal["Sub_Pipeline"]));
  expect(subPipelines.size).toBe(5);
  const emails = [...store.records("Contacts").values()].map((contact) => contact["Email"]);
  expect(emails).toContain(null);
  const given = emails.filter((email) => email !== null);
  expect(new Set(given).size).toBe(given.length);
  expect(deals.every((deal) => /^7618134000\d{9}$/.test(deal.id))).toBe(true);
  const month = new Date(NOW).toISOString().slice(0, 7);
  expect(deals.some((deal) => String(deal["Closing_Date"]).startsWith(month))).toBe(true);
});

test("the log holds what arrived, never the key", async () => {
  const b = bench();
  await b.call("GET", "/Contacts?fields=id", undefined, { "X-Trace": "1" });
  const [entry] = b.sandbox.requests;
  expect(entry).toMatchObject({
    method: "GET",
    path: "/zoho-bigin/bigin/v2/Contacts",
    search: "?fields=id",
    status: 200,
  });
  expect(entry?.headers["x-trace"]).toBe("1");
  expect(JSON.stringify(b.sandbox.requests)).not.toContain("Bearer");
});
