import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";

type Connection = Record<string, string>;
const listOf = (reply: Record<string, unknown>) => reply["connections"] as Connection[];
const idOf = (sandbox: Awaited<ReturnType<typeof connect>>["sandbox"], status: string) =>
  [...sandbox.store.connections()].find(([, one]) => one.status === status)?.[0];

test("a list shows every documented field, the link only while PENDING", async () => {
  const { call } = await connect();
  const connections = listOf(await call("bigin_list_connections"));
  expect(connections.map(({ status }) => status).toSorted()).toEqual([
    "ACTIVE",
    "FAILED",
    "PENDING",
  ]);
  for (const one of connections) {
    expect(one).toMatchObject({ app: "zoho-bigin", metadata: {} });
    expect(one["creation_time"]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(one["last_updated_time"]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(Object.hasOwn(one, "url")).toBe(one["status"] === "PENDING");
  }
  expect(listOf(await call("bigin_list_connections", { status: "FAILED" }))).toHaveLength(1);
});

test.each([1, 2, 3] as const)(
  "create understands answer shape %i and shows the link",
  async (createShape) => {
    const { call, sandbox } = await connect({ createShape });
    const made = await call("bigin_create_connection");
    expect(made["status"]).toBe("PENDING");
    expect(made["url"]).toMatch(/^https:\/\/connect\.maton\.ai\/\?session_token=/);
    expect(made["next"]).toContain("bigin_get_connection");
    expect(sandbox.store.connections().get(String(made["connection_id"]))).toMatchObject({
      status: "PENDING",
    });
  },
);

test("waiting ends when the connection turns ACTIVE, with progress on the way", async () => {
  const { client, sandbox } = await connect({ activateOnLook: 2 });
  const heard: string[] = [];
  const result = await client.callTool(
    {
      name: "bigin_get_connection",
      arguments: { connection_id: idOf(sandbox, "PENDING"), wait_seconds: 45 },
    },
    { onprogress: ({ message }) => heard.push(message ?? "") },
  );
  expect(result.structuredContent).toMatchObject({ status: "ACTIVE" });
  expect(result.structuredContent).not.toHaveProperty("url");
  expect(heard).toEqual(["waiting for the link to be opened"]);
});

test("waiting that runs out answers PENDING, with the same call to make again", async () => {
  const { call, sandbox } = await connect({ activateOnLook: false });
  const id = idOf(sandbox, "PENDING");
  const reply = await call("bigin_get_connection", { connection_id: id, wait_seconds: 1 });
  expect(reply["status"]).toBe("PENDING");
  expect(reply["next"]).toContain(
    `bigin_get_connection {"connection_id":"${id}","wait_seconds":45}`,
  );
});

test("waiting can be cancelled, and then nothing more is asked", async () => {
  const { client, sandbox, sent } = await connect({ activateOnLook: false });
  const abort = new AbortController();
  const call = client.callTool(
    {
      name: "bigin_get_connection",
      arguments: { connection_id: idOf(sandbox, "PENDING"), wait_seconds: 45 },
    },
    { signal: abort.signal, onprogress: () => abort.abort("enough") },
  );
  await expect(call).rejects.toThrow();
  const looks = sent.length;
  await client.listTools();
  expect(sent.length).toBe(looks);
});

test("delete removes a connection; an unknown one is Maton's 404", async () => {
  const { call, fail, sandbox } = await connect();
  const id = idOf(sandbox, "FAILED");
  expect(await call("bigin_delete_connection", { connection_id: id })).toEqual({
    connection_id: id,
    outcome: "deleted",
    status_before: "FAILED",
  });
  expect(sandbox.store.connections().has(id ?? "")).toBe(false);
  expect(await fail("bigin_get_connection", { connection_id: id })).toMatch(
    /^Not done: .*no such connection/,
  );
});

test("the only ACTIVE connection is resolved and always sent", async () => {
  const { call, sandbox, sent } = await connect();
  await call("bigin_list_records", { module: "Contacts" });
  await call("bigin_list_records", { module: "Contacts" });
  const gateway = sent.filter(({ url }) => url.pathname.startsWith("/zoho-bigin"));
  const named = gateway.map(({ headers }) => headers.get("maton-connection"));
  expect(new Set(named)).toEqual(new Set([idOf(sandbox, "ACTIVE")]));
  expect(sent.length - gateway.length).toBe(1);
});

test("with several ACTIVE, reads use the oldest and say so; writes ask which", async () => {
  const { call, fail, sandbox } = await connect({ activateOnLook: 1 });
  const oldest = idOf(sandbox, "ACTIVE");
  const other = idOf(sandbox, "PENDING");
  await call("bigin_get_connection", { connection_id: other });
  expect(await call("bigin_list_records", { module: "Contacts", per_page: 1 })).toMatchObject({
    connection: { id: oldest },
  });
  const write = { module: "Contacts", records: [{ Last_Name: "Which" }] };
  const told = await fail("bigin_create_records", write);
  expect(told).toContain(`${oldest}, ${other}`);
  expect(told).toContain("connection_id");
  const chosen = await call("bigin_create_records", { ...write, connection_id: other });
  expect(chosen).not.toHaveProperty("connection");
});

test("a configured connection is used without asking", async () => {
  const probe = await connect();
  const active = idOf(probe.sandbox, "ACTIVE");
  const { call, sent } = await connect(active === undefined ? {} : { connection: active });
  await call("bigin_list_records", { module: "Contacts", per_page: 1 });
  expect(sent.filter(({ url }) => url.pathname.startsWith("/connections"))).toEqual([]);
  expect(sent.at(-1)?.headers.get("maton-connection")).toBe(active);
});

test("an unknown or unusable connection is told apart from Bigin's refusals", async () => {
  const { fail, sandbox } = await connect();
  const list = { module: "Contacts" };
  const unknown = await fail("bigin_list_records", {
    ...list,
    connection_id: "no-such-connection",
  });
  expect(unknown).toMatch(/^Not done: .*no connection no-such-connection\./);
  expect(unknown).toContain("Next: Call bigin_list_connections");
  const failed = await fail("bigin_list_records", {
    ...list,
    connection_id: idOf(sandbox, "FAILED"),
  });
  expect(failed).toMatch(/^Maton gateway error: .*no usable OAuth grant/);
  expect(failed).toContain("bigin_create_connection");
});

test("without an ACTIVE connection the agent is told how to get one", async () => {
  const { call, fail, sandbox } = await connect({ activateOnLook: false });
  await call("bigin_delete_connection", { connection_id: idOf(sandbox, "ACTIVE") });
  const told = await fail("bigin_list_records", { module: "Contacts" });
  expect(told).toContain("no ACTIVE Bigin connection");
  expect(told).toContain("bigin_create_connection");
});
