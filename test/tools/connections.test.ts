import { expect, test } from "vitest";
import type { Sandbox } from "../../src/sandbox/app.ts";
import { connect } from "../support/connect.ts";
import { connectionIn } from "../support/writes.ts";

type Connection = Record<string, string>;
const listOf = (reply: Record<string, unknown>) => reply["connections"] as Connection[];

test("a list shows every documented field, and the link only while PENDING", async () => {
  const { call } = await connect();
  const connections = listOf(await call("bigin_list_connections"));
  const statuses = connections.map(({ status }) => status).toSorted();
  expect(statuses).toEqual(["ACTIVE", "FAILED", "PENDING"]);
  for (const one of connections) {
    expect(one).toMatchObject({ app: "zoho-bigin", metadata: {} });
    expect(one["creation_time"]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(one["last_updated_time"]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(Object.hasOwn(one, "url")).toBe(one["status"] === "PENDING");
  }
  expect(listOf(await call("bigin_list_connections", { status: "FAILED" }))).toHaveLength(1);
});

test.each([1, 2, 3] as const)(
  "a new connection is PENDING and has its link, in form %i of Maton's response",
  async (createShape) => {
    const { call, sandbox } = await connect({ createShape });
    const created = await call("bigin_create_connection");
    expect(created["status"]).toBe("PENDING");
    expect(created["url"]).toMatch(/^https:\/\/connect\.maton\.ai\/\?session_token=/);
    expect(created["next"]).toContain("bigin_get_connection");
    expect(sandbox.store.connections().get(String(created["connection_id"]))).toMatchObject({
      status: "PENDING",
    });
  },
);

const waitFor = (sandbox: Sandbox) => ({
  name: "bigin_get_connection",
  arguments: { connection_id: connectionIn(sandbox, "PENDING"), wait_seconds: 45 },
});

test("a wait ends when the connection is ACTIVE, and reports progress", async () => {
  const { client, sandbox } = await connect({ activateOnLook: 2 });
  const heard: string[] = [];
  const result = await client.callTool(waitFor(sandbox), {
    onprogress: ({ message }) => heard.push(message ?? ""),
  });
  expect(result.structuredContent).toMatchObject({ status: "ACTIVE" });
  expect(result.structuredContent).not.toHaveProperty("url");
  expect(heard).toHaveLength(1);
});

test("a wait that ends too early returns PENDING and the call to repeat", async () => {
  const { call, sandbox } = await connect({ activateOnLook: false });
  const id = connectionIn(sandbox, "PENDING");
  const reply = await call("bigin_get_connection", { connection_id: id, wait_seconds: 1 });
  expect(reply["status"]).toBe("PENDING");
  expect(reply["next"]).toContain(
    `bigin_get_connection {"connection_id":"${id}","wait_seconds":45}`,
  );
});

test("a cancelled wait sends no more requests", async () => {
  const { client, sandbox, sent } = await connect({ activateOnLook: false });
  const abort = new AbortController();
  const call = client.callTool(waitFor(sandbox), {
    signal: abort.signal,
    onprogress: () => abort.abort("enough"),
  });
  await expect(call).rejects.toThrow();
  const looks = sent.length;
  await client.listTools();
  expect(sent.length).toBe(looks);
});

test("a deleted connection is unknown to Maton", async () => {
  const { call, fail, sandbox } = await connect();
  const id = connectionIn(sandbox, "FAILED");
  expect(await call("bigin_delete_connection", { connection_id: id })).toEqual({
    connection_id: id,
    outcome: "deleted",
    status_before: "FAILED",
  });
  expect(sandbox.store.connections().has(id)).toBe(false);
  expect(await fail("bigin_get_connection", { connection_id: id })).toMatch(
    /^Not done: .*no such connection/,
  );
});

test("the only ACTIVE connection is looked up once and sent with every request", async () => {
  const { call, sandbox, sent } = await connect();
  await call.list("Contacts");
  await call.list("Contacts");
  const gateway = sent.filter(({ url }) => url.pathname.startsWith("/zoho-bigin"));
  const named = gateway.map(({ headers }) => headers.get("maton-connection"));
  expect(new Set(named)).toEqual(new Set([connectionIn(sandbox, "ACTIVE")]));
  expect(sent.length - gateway.length).toBe(1);
});

test("of several ACTIVE connections, reads use the oldest and say so; writes must name one", async () => {
  const { call, fail, sandbox } = await connect({ activateOnLook: 1 });
  const oldest = connectionIn(sandbox, "ACTIVE");
  const other = connectionIn(sandbox, "PENDING");
  await call("bigin_get_connection", { connection_id: other });
  expect(await call.list("Contacts", { per_page: 1 })).toMatchObject({
    connection: { id: oldest },
  });
  const records = [{ Last_Name: "Which" }];
  const message = await fail.create("Contacts", records);
  expect(message).toContain(`${oldest}, ${other}`);
  expect(message).toContain("connection_id");
  const chosen = await call.create("Contacts", records, { connection_id: other });
  expect(chosen).not.toHaveProperty("connection");
});

test("a connection from the settings is used without a request to Maton", async () => {
  const probe = await connect();
  const active = connectionIn(probe.sandbox, "ACTIVE");
  const { call, sent } = await connect({ connection: active });
  await call.list("Contacts", { per_page: 1 });
  expect(sent.filter(({ url }) => url.pathname.startsWith("/connections"))).toEqual([]);
  expect(sent.at(-1)?.headers.get("maton-connection")).toBe(active);
});

test("an unknown or unusable connection is not reported as an error of Bigin", async () => {
  const { fail, sandbox } = await connect();
  const unknown = await fail.list("Contacts", { connection_id: "no-such-connection" });
  expect(unknown).toMatch(/^Not done: .*no connection no-such-connection\./);
  expect(unknown).toContain("Next: Call bigin_list_connections");
  const failed = await fail.list("Contacts", { connection_id: connectionIn(sandbox, "FAILED") });
  expect(failed).toMatch(/^Maton/);
  expect(failed).toContain("bigin_create_connection");
});

test("without an ACTIVE connection the error names the tool that creates one", async () => {
  const { call, fail, sandbox } = await connect({ activateOnLook: false });
  await call("bigin_delete_connection", { connection_id: connectionIn(sandbox, "ACTIVE") });
  const message = await fail.list("Contacts");
  expect(message).toContain("no ACTIVE Bigin connection");
  expect(message).toContain("bigin_create_connection");
});
