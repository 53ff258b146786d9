import { expect, onTestFinished, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import { connectTo } from "../support/connect.ts";
import { column, idsOf, table } from "../support/replies.ts";
import { readReply } from "../support/sandbox-client.ts";
import { recordsIn, withEmail } from "../support/writes.ts";

// Every operation of the API guide that this project started from: sent over HTTP as the guide sends it, and then
// through our tool. The expected shapes are the guide's.

const api = "/zoho-bigin/bigin/v2";

async function start() {
  const server = await serveSandbox({ port: 0 });
  onTestFinished(() => server.close());
  const accounts = createAccounts({
    gatewayUrl: server.url,
    controlUrl: server.url,
    userAgent: "test",
  });
  const { call, client } = await connectTo(async () => accounts.of("sandbox"));
  onTestFinished(() => client.close());
  async function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) {
    const response = await fetch(server.url + path, {
      method,
      headers: { Authorization: "Bearer sandbox", "Content-Type": "application/json", ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return await readReply(response, `${method} ${path}`);
  }
  return { call, send, sandbox: server.sandbox, store: server.sandbox.store };
}

const info = {
  per_page: expect.any(Number),
  count: expect.any(Number),
  page: 1,
  more_records: expect.any(Boolean),
};
const connection = {
  connection_id: expect.stringMatching(/^[\da-f-]{36}$/),
  status: expect.stringMatching(/^(ACTIVE|PENDING|FAILED)$/),
  creation_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  last_updated_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  url: expect.stringContaining("session_token="),
  app: "zoho-bigin",
  metadata: {},
};
/** Our tools do not return the link of a connection that is in use. */
const { url: _link, ...connectionInUse } = connection;

function succeeded(message: string) {
  const details = expect.objectContaining({ id: expect.any(String) });
  return [{ code: "SUCCESS", details, message, status: "success" }];
}

test("list connections", async () => {
  const { send, call } = await start();
  expect(await send("GET", "/connections?app=zoho-bigin&status=ACTIVE")).toMatchObject({
    status: 200,
    body: { connections: [connection] },
  });
  expect(await call("bigin_list_connections", { status: "ACTIVE" })).toMatchObject({
    connections: [connectionInUse],
  });
});

test("create, get and delete a connection", async () => {
  const { send, call, store } = await start();
  const created = await send("POST", "/connections", { app: "zoho-bigin" });
  const id = created.body.connection.connection_id;
  expect(await send("GET", `/connections/${id}`)).toMatchObject({
    status: 200,
    body: { connection },
  });
  expect((await send("DELETE", `/connections/${id}`)).status).toBe(200);
  expect(store.connections().has(id)).toBe(false);

  const ours = await call("bigin_create_connection");
  const pending = { ...connection, status: "PENDING" };
  expect(ours).toMatchObject(pending);
  const connection_id = String(ours["connection_id"]);
  expect(await call("bigin_get_connection", { connection_id })).toMatchObject(pending);
  expect(await call("bigin_delete_connection", { connection_id })).toMatchObject({
    outcome: "deleted",
  });
  expect(store.connections().has(connection_id)).toBe(false);
});

test("opening the link grants access, which a waiting call sees", async () => {
  const { call } = await start();
  const { url, connection_id } = await call("bigin_create_connection");
  expect((await fetch(String(url))).status).toBe(200);
  expect(await call("bigin_get_connection", { connection_id, wait_seconds: 5 })).toMatchObject({
    status: "ACTIVE",
  });
});

test("Maton-Connection selects the connection, otherwise the oldest ACTIVE one is used", async () => {
  const { send, sandbox } = await start();
  const { body } = await send("GET", "/connections?app=zoho-bigin&status=ACTIVE");
  const oldest = body.connections[0]?.connection_id ?? "";
  const created = (await send("POST", "/connections", { app: "zoho-bigin" })).body.connection;
  const newer = created.connection_id;
  await fetch(created.url);
  const path = `${api}/Contacts?fields=First_Name,Last_Name,Email`;
  const sendOver = async (headers: Record<string, string>) => {
    const { status } = await send("GET", path, undefined, headers);
    return [status, sandbox.requests.at(-1)?.connection];
  };
  expect(await sendOver({ "Maton-Connection": newer })).toEqual([200, newer]);
  expect(await sendOver({ "Maton-Connection": oldest })).toEqual([200, oldest]);
  expect(await sendOver({})).toEqual([200, oldest]);
  const unknown = "21fd90f9-5935-43cd-b6c8-bde9d915ca80";
  expect(await sendOver({ "Maton-Connection": unknown })).toEqual([404, undefined]);
});

test.each([
  ["Contacts", ["First_Name", "Last_Name", "Email", "Phone"]],
  ["Accounts", ["Account_Name", "Website"]],
  ["Pipelines", ["Deal_Name", "Stage"]],
  ["Products", ["Product_Name", "Unit_Price"]],
])("list %s", async (module, fields) => {
  const { send, call } = await start();
  const raw = await send("GET", `${api}/${module}?fields=${fields.join(",")}&per_page=3`);
  expect(raw.status).toBe(200);
  expect(raw.body.info).toMatchObject({ ...info, per_page: 3, count: 3 });
  for (const row of raw.body.data)
    expect(Object.keys(row).toSorted()).toEqual(["id", ...fields].toSorted());
  const ours = await call.list(module, { fields, per_page: 3 });
  expect(ours["rows"]).toEqual(
    raw.body.data.map((row) => ["id", ...fields].map((key) => row[key])),
  );
});

test("list with sort_by, sort_order, page and per_page", async () => {
  const { send, call } = await start();
  const query = "fields=Last_Name&sort_by=Last_Name&sort_order=asc&page=2&per_page=5";
  const raw = await send("GET", `${api}/Contacts?${query}`);
  const args = { sort_by: "Last_Name", sort_order: "asc", page: 2, per_page: 5 };
  expect(raw.body.info).toMatchObject(args);
  const ours = await call.list("Contacts", { fields: ["Last_Name"], ...args });
  expect(ours["rows"]).toEqual(raw.body.data.map((row) => [row.id, row["Last_Name"]]));
});

test("get a record", async () => {
  const { send, call, store } = await start();
  const [id] = store.records("Contacts").keys();
  const raw = await send("GET", `${api}/Contacts/${id}`);
  expect(raw).toMatchObject({ status: 200, body: { data: [{ id }] } });
  expect(await call.get("Contacts", id)).toMatchObject({
    record: { id, Last_Name: raw.row["Last_Name"] },
  });
  expect(await send("GET", `${api}/Contacts/7255024000000596045`)).toMatchObject({
    status: 204,
    text: "",
  });
});

test("create a contact, then update and delete it", async () => {
  const { send, call, store } = await start();
  const name = { Last_Name: "Smith", First_Name: "John" };
  const smith = { ...name, Email: "john.smith@example.com", Phone: "+1-555-0123" };
  const change = { Phone: "+1-555-9999" };
  const created = await send("POST", `${api}/Contacts`, { data: [smith] });
  expect(created).toMatchObject({ status: 201, body: { data: succeeded("record added") } });
  const { id } = created.row.details;
  expect(await send("PUT", `${api}/Contacts/${id}`, { data: [change] })).toMatchObject({
    status: 200,
    body: { data: succeeded("record updated") },
  });
  expect(store.records("Contacts").get(id)).toMatchObject({ ...smith, ...change });
  expect(await send("DELETE", `${api}/Contacts?ids=${id}`)).toMatchObject({
    status: 200,
    body: { data: [{ ...succeeded("record deleted")[0], details: { id } }] },
  });

  const [ours = ""] = idsOf(await call.create("Contacts", [smith]));
  await call.update("Contacts", [{ id: ours, ...change }]);
  expect(store.records("Contacts").get(ours)).toMatchObject({ ...smith, ...change });
  await call.delete("Contacts", [ours]);
  expect(store.records("Contacts").has(ours)).toBe(false);
});

test.each([
  ["Accounts", { Account_Name: "Seed & Sons" }],
  ["Pipelines", { Deal_Name: "Seed deal", Sub_Pipeline: "Renewals", Stage: "Quote Sent" }],
  ["Products", { Product_Name: "Seed product" }],
])("create in %s with the mandatory fields", async (module, fields) => {
  const { send, call, store } = await start();
  const created = await send("POST", `${api}/${module}`, { data: [fields] });
  expect(created).toMatchObject({ status: 201, body: { data: succeeded("record added") } });
  const { id } = created.row.details;
  expect(store.records(module).get(id)).toMatchObject(fields);
  await send("DELETE", `${api}/${module}/${id}`);
  const [ours = ""] = idsOf(await call.create(module, [fields]));
  expect(store.records(module).get(ours)).toMatchObject(fields);
});

test("search by criteria, e-mail, phone and word", async () => {
  const { send, call, sandbox } = await start();
  const { id, Email, Phone } =
    recordsIn(sandbox, "Contacts").find((one) => one["Email"] && one["Phone"]) ??
    withEmail(sandbox);
  const selectors = {
    criteria: `(Email:equals:${Email})`,
    email: Email,
    phone: Phone,
    word: Email,
  };
  for (const [selector, value] of Object.entries(selectors)) {
    const query = `${selector}=${encodeURIComponent(String(value))}&fields=Email`;
    const raw = await send("GET", `${api}/Contacts/search?${query}`);
    expect(raw.body.info).toMatchObject(info);
    expect(raw.body.data).toContainEqual({ id, Email });
    const ours = await call.search("Contacts", { [selector]: value, fields: ["Email"] });
    expect(ours["rows"]).toContainEqual([id, Email]);
  }
});

test("modules and users", async () => {
  const { send, call } = await start();
  const modules = await send("GET", `${api}/settings/modules`);
  expect(modules.body.modules).toContainEqual(
    expect.objectContaining({ api_name: "Contacts", api_supported: true }),
  );
  const { rows } = table(await call("bigin_list_modules"));
  expect(rows).toContainEqual(["Contacts", "Contacts", true, true, true]);
  const users = await send("GET", `${api}/users?type=ActiveUsers`);
  expect(users.body.info).toMatchObject(info);
  const names = users.body.users.map((user) => user.full_name);
  const ours = await call("bigin_list_users", { type: "ActiveUsers" });
  expect(column(ours, "name")).toEqual(names);
});

test("the errors that the guide lists", async () => {
  const { send } = await start();
  const failed = async (path: string, headers = {}) => {
    const { status, body } = await send("GET", path, undefined, headers);
    return [status, body.code ?? body.error.code];
  };
  const nonsense = { Authorization: "Bearer nonsense" };
  expect(await failed("/connections", nonsense)).toEqual([401, 401]);
  expect(await failed(`${api}/Contacts`)).toEqual([400, "REQUIRED_PARAM_MISSING"]);
  expect(await failed(`${api}/Nonsense?fields=id`)).toEqual([400, "INVALID_MODULE"]);
  expect(await failed(`${api}/no/such/path/at/all`)).toEqual([404, "INVALID_URL_PATTERN"]);
});
