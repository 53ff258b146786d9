import { expect, onTestFinished, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import { connectTo } from "../support/connect.ts";

// Every operation of shared/seed/zoho-bigin-skill.zh.txt, as the document sends it and as our tool does it, to
// the sandbox's HTTP server. The shapes are those of the document; what it cuts off is in bigin-api.md §1.

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
  return {
    call,
    sandbox: server.sandbox,
    store: server.sandbox.store,
    async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const response = await fetch(server.url + path, {
        method,
        headers: {
          Authorization: "Bearer sandbox",
          "Content-Type": "application/json",
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text ? JSON.parse(text) : undefined };
    },
  };
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
const { url: _link, ...shown } = connection;
const done = (message: string) => [
  {
    code: "SUCCESS",
    details: expect.objectContaining({ id: expect.any(String) }),
    message,
    status: "success",
  },
];

test("list connections", async () => {
  const { send, call } = await start();
  expect(await send("GET", "/connections?app=zoho-bigin&status=ACTIVE")).toMatchObject({
    status: 200,
    body: { connections: [connection] },
  });
  expect(await call("bigin_list_connections", { status: "ACTIVE" })).toMatchObject({
    connections: [shown],
  });
});

test("create, get and delete a connection", async () => {
  const { send, call, store } = await start();
  const made = await send("POST", "/connections", { app: "zoho-bigin" });
  const id = made.body.connection.connection_id;
  expect(await send("GET", `/connections/${id}`)).toMatchObject({
    status: 200,
    body: { connection },
  });
  expect((await send("DELETE", `/connections/${id}`)).status).toBe(200);
  expect(store.connections().has(id)).toBe(false);

  const ours = await call("bigin_create_connection");
  expect(ours).toMatchObject({ ...connection, status: "PENDING" });
  const named = { connection_id: ours["connection_id"] };
  expect(await call("bigin_get_connection", named)).toMatchObject({
    ...connection,
    status: "PENDING",
  });
  expect(await call("bigin_delete_connection", named)).toMatchObject({ outcome: "deleted" });
  expect(store.connections().has(String(named.connection_id))).toBe(false);
});

test("the page behind the link grants access, and waiting sees it", async () => {
  const { call } = await start();
  const { url, connection_id } = await call("bigin_create_connection");
  expect((await fetch(String(url))).status).toBe(200);
  expect(await call("bigin_get_connection", { connection_id, wait_seconds: 5 })).toMatchObject({
    status: "ACTIVE",
  });
});

test("Maton-Connection selects the connection; left out, the oldest ACTIVE one is used", async () => {
  const { send, sandbox } = await start();
  const { body } = await send("GET", "/connections?app=zoho-bigin&status=ACTIVE");
  const oldest = body.connections[0].connection_id;
  const made = await send("POST", "/connections", { app: "zoho-bigin" });
  const newer = made.body.connection.connection_id;
  await fetch(made.body.connection.url);
  const path = `${api}/Contacts?fields=First_Name,Last_Name,Email`;
  const over = async (headers: Record<string, string>) => {
    const answer = await send("GET", path, undefined, headers);
    return [answer.status, sandbox.requests.at(-1)?.connection];
  };
  expect(await over({ "Maton-Connection": newer })).toEqual([200, newer]);
  expect(await over({ "Maton-Connection": oldest })).toEqual([200, oldest]);
  expect(await over({})).toEqual([200, oldest]);
  expect(await over({ "Maton-Connection": "21fd90f9-5935-43cd-b6c8-bde9d915ca80" })).toEqual([
    404,
    undefined,
  ]);
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
  const ours = await call("bigin_list_records", { module, fields, per_page: 3 });
  expect(ours["rows"]).toEqual(
    raw.body.data.map((row: Record<string, unknown>) => ["id", ...fields].map((key) => row[key])),
  );
});

test("list with sort_by, sort_order, page and per_page", async () => {
  const { send, call } = await start();
  const query = "fields=Last_Name&sort_by=Last_Name&sort_order=asc&page=2&per_page=5";
  const raw = await send("GET", `${api}/Contacts?${query}`);
  expect(raw.body.info).toMatchObject({
    page: 2,
    per_page: 5,
    sort_by: "Last_Name",
    sort_order: "asc",
  });
  const args = {
    fields: ["Last_Name"],
    sort_by: "Last_Name",
    sort_order: "asc",
    page: 2,
    per_page: 5,
  };
  const ours = await call("bigin_list_records", { module: "Contacts", ...args });
  expect(ours["rows"]).toEqual(
    raw.body.data.map((row: { id: string; Last_Name: string }) => [row.id, row.Last_Name]),
  );
});

test("get a record", async () => {
  const { send, call, store } = await start();
  const [id] = store.records("Contacts").keys();
  const raw = await send("GET", `${api}/Contacts/${id}`);
  expect(raw).toMatchObject({ status: 200, body: { data: [{ id }] } });
  expect(await call("bigin_get_record", { module: "Contacts", id })).toMatchObject({
    record: { id, Last_Name: raw.body.data[0].Last_Name },
  });
  expect(await send("GET", `${api}/Contacts/7255024000000596045`)).toEqual({
    status: 204,
    body: undefined,
  });
});

test("create a contact, then change and delete it", async () => {
  const { send, call, store } = await start();
  const smith = {
    Last_Name: "Smith",
    First_Name: "John",
    Email: "john.smith@example.com",
    Phone: "+1-555-0123",
  };
  const made = await send("POST", `${api}/Contacts`, { data: [smith] });
  expect(made).toMatchObject({ status: 201, body: { data: done("record added") } });
  const id = made.body.data[0].details.id;
  expect(
    await send("PUT", `${api}/Contacts/${id}`, { data: [{ Phone: "+1-555-9999" }] }),
  ).toMatchObject({
    status: 200,
    body: { data: done("record updated") },
  });
  expect(store.records("Contacts").get(id)).toMatchObject({ ...smith, Phone: "+1-555-9999" });
  expect(await send("DELETE", `${api}/Contacts?ids=${id}`)).toMatchObject({
    status: 200,
    body: {
      data: [{ code: "SUCCESS", details: { id }, message: "record deleted", status: "success" }],
    },
  });

  const { results } = await call("bigin_create_records", { module: "Contacts", records: [smith] });
  const [ours] = results as { id: string }[];
  await call("bigin_update_records", {
    module: "Contacts",
    records: [{ id: ours?.id, Phone: "+1-555-9999" }],
  });
  expect(store.records("Contacts").get(ours?.id ?? "")).toMatchObject({
    ...smith,
    Phone: "+1-555-9999",
  });
  await call("bigin_delete_records", { module: "Contacts", ids: [ours?.id] });
  expect(store.records("Contacts").has(ours?.id ?? "")).toBe(false);
});

test.each([
  ["Accounts", { Account_Name: "Seed & Sons" }],
  ["Pipelines", { Deal_Name: "Seed deal", Sub_Pipeline: "Renewals", Stage: "Quote Sent" }],
  ["Products", { Product_Name: "Seed product" }],
])("create in %s with what is mandatory", async (module, fields) => {
  const { send, call, store } = await start();
  const made = await send("POST", `${api}/${module}`, { data: [fields] });
  expect(made).toMatchObject({ status: 201, body: { data: done("record added") } });
  expect(store.records(module).get(made.body.data[0].details.id)).toMatchObject(fields);
  await send("DELETE", `${api}/${module}/${made.body.data[0].details.id}`);
  const { results } = await call("bigin_create_records", { module, records: [fields] });
  expect(store.records(module).get((results as { id: string }[])[0]?.id ?? "")).toMatchObject(
    fields,
  );
});

test("search by criteria, e-mail, phone and word", async () => {
  const { send, call, store } = await start();
  const contact = [...store.records("Contacts").values()].find(
    (one) => one["Email"] && one["Phone"],
  );
  const selectors = {
    criteria: `(Email:equals:${contact?.["Email"]})`,
    email: String(contact?.["Email"]),
    phone: String(contact?.["Phone"]),
    word: String(contact?.["Email"]),
  };
  for (const [selector, value] of Object.entries(selectors)) {
    const raw = await send(
      "GET",
      `${api}/Contacts/search?${selector}=${encodeURIComponent(value)}&fields=Email`,
    );
    expect(raw.body.info).toMatchObject(info);
    expect(raw.body.data).toContainEqual({ id: contact?.id, Email: contact?.["Email"] });
    const ours = await call("bigin_search_records", {
      module: "Contacts",
      [selector]: value,
      fields: ["Email"],
    });
    expect(ours["rows"]).toContainEqual([contact?.id, contact?.["Email"]]);
  }
});

test("modules and users", async () => {
  const { send, call } = await start();
  const modules = await send("GET", `${api}/settings/modules`);
  expect(modules.body.modules).toContainEqual(
    expect.objectContaining({ api_name: "Contacts", api_supported: true }),
  );
  expect((await call("bigin_list_modules"))["rows"]).toContainEqual([
    "Contacts",
    "Contacts",
    true,
    true,
    true,
  ]);
  const users = await send("GET", `${api}/users?type=ActiveUsers`);
  expect(users.body.info).toMatchObject(info);
  const names = users.body.users.map((user: { full_name: string }) => user.full_name);
  const ours = await call("bigin_list_users", { type: "ActiveUsers" });
  expect((ours["rows"] as unknown[][]).map((row) => row[1])).toEqual(names);
});

test("what the document lists as errors", async () => {
  const { send } = await start();
  expect(
    await send("GET", "/connections", undefined, { Authorization: "Bearer nonsense" }),
  ).toMatchObject({
    status: 401,
    body: { error: { code: 401 } },
  });
  expect(await send("GET", `${api}/Contacts`)).toMatchObject({
    status: 400,
    body: { code: "REQUIRED_PARAM_MISSING" },
  });
  expect(await send("GET", `${api}/Nonsense?fields=id`)).toMatchObject({
    status: 400,
    body: { code: "INVALID_MODULE" },
  });
  expect(await send("GET", `${api}/no/such/path/at/all`)).toMatchObject({
    status: 404,
    body: { code: "INVALID_URL_PATTERN" },
  });
});
