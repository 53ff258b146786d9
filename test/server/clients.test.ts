import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, onTestFinished, test } from "vitest";
import { serve } from "../support/program.ts";

interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
}

/** Every tool once, with a reply that the client holds against the advertised output schema. */
async function everyTool(client: AnyClient) {
  const called = new Set<string>();
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    called.add(name);
    const result = (await client.callTool({ name, arguments: args })) as {
      isError?: boolean;
      content: { text: string }[];
      structuredContent: Record<string, unknown>;
    };
    expect(result.isError, `${name}: ${result.content[0]?.text}`).toBeFalsy();
    return result.structuredContent;
  };
  const idOf = (reply: Record<string, unknown>) => (reply["results"] as { id: string }[])[0]?.id;
  const { tools } = await client.listTools();
  const mail = `every.${Math.random()}@probe.example`;
  const id = idOf(
    await call("bigin_create_records", {
      module: "Contacts",
      records: [{ Last_Name: "Every", Email: mail }],
    }),
  );
  await call("bigin_update_records", { module: "Contacts", records: [{ id, Title: "Tool" }] });
  await call("bigin_upsert_records", {
    module: "Contacts",
    records: [{ Last_Name: "Every", Email: mail }],
  });
  await call("bigin_get_record", { module: "Contacts", id });
  await call("bigin_list_records", { module: "Events", per_page: 3 });
  await call("bigin_search_records", {
    module: "deals",
    filters: [{ field: "closing date", op: "between", value: "this year" }],
  });
  const [company] =
    (
      (await call("bigin_list_records", { module: "companies", per_page: 1 }))["rows"] as string[][]
    )[0] ?? [];
  await call("bigin_list_related_records", {
    module: "companies",
    id: company,
    related_list: "contacts",
  });
  await call("bigin_summarize_records", {
    module: "deals",
    group_by: ["closing date by quarter", "owner"],
    measure: "amount",
    metrics: ["sum", "average"],
  });
  const asked = await call("bigin_delete_records", { module: "Contacts", ids: [id] });
  const { confirm_token } = asked;
  const deleted = await call("bigin_delete_records", {
    module: "Contacts",
    ids: [id],
    confirm_token,
  });
  await call("bigin_list_writes");
  await call("bigin_undo_write", { write_id: deleted["write_id"] });
  await call("bigin_list_modules");
  await call("bigin_describe_module", { module: "deals" });
  await call("bigin_list_users", { type: "AllUsers" });
  await call("bigin_check_access");
  await call("bigin_list_connections");
  const { connection_id } = await call("bigin_create_connection");
  await call("bigin_get_connection", { connection_id });
  const again = await call("bigin_delete_connection", { connection_id });
  await call("bigin_delete_connection", { connection_id, confirm_token: again["confirm_token"] });
  expect([...called].toSorted()).toEqual(tools.map(({ name }) => name).toSorted());
}

test("every tool's reply fits its schema in the client of sdk 1", async () => {
  const { url } = await serve();
  const client = new OldClient({ name: "test", version: "1" });
  await client.connect(new OldHttp(new URL(`${url}/mcp`)));
  onTestFinished(() => client.close());
  await everyTool(client);
}, 20_000);

test("every tool's reply fits its schema in the client of sdk 2, in its newest revision", async () => {
  const { url } = await serve();
  const client = new Client(
    { name: "test", version: "1" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  onTestFinished(() => client.close());
  await everyTool(client);
}, 20_000);
