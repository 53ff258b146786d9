import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import { createAccounts } from "../src/account.ts";
import { createLog } from "../src/log.ts";
import { createSandbox, type Sandbox, type SandboxOptions } from "../src/sandbox/app.ts";
import { createServer } from "../src/server.ts";
import { createCatalogue } from "../src/tool/catalogue.ts";
import { tools } from "../tools/index.ts";

type Args = Record<string, unknown>;

interface Connected {
  client: Client;
  sandbox: Sandbox;
  /** Calls a tool that must succeed and gives back its structured reply. */
  call(name: string, args?: Args): Promise<Record<string, unknown>>;
  /** Calls a tool that must fail and gives back what the agent is told. */
  fail(name: string, args?: Args): Promise<string>;
}

/** A real MCP client, the real server and the real client code on the sandbox, joined in memory. */
export async function connect(
  options: SandboxOptions & { readOnly?: boolean; key?: string; connection?: string } = {},
): Promise<Connected> {
  const sandbox = createSandbox(options);
  const accounts = createAccounts({
    gatewayUrl: "https://gateway.maton.ai",
    controlUrl: "https://ctrl.maton.ai",
    userAgent: "bigin-mcp/test",
    fetch: sandbox.fetch,
    limits: { perSecond: Number.POSITIVE_INFINITY, atOnce: 10 },
  });
  const server = createServer({
    version: "0.0.0",
    catalogue: createCatalogue(tools, { readOnly: options.readOnly ?? false }),
    account: async () => accounts.of("sandbox"),
    connection: options.connection,
    log: createLog("silent"),
  });
  const client = new Client({ name: "test", version: "1" });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(far), client.connect(near)]);

  return {
    client,
    sandbox,
    async call(name, args = {}) {
      const result = await client.callTool({ name, arguments: args });
      if (result.isError || !result.structuredContent)
        throw new Error(`${name} failed: ${JSON.stringify(result.content)}`);
      return result.structuredContent as Record<string, unknown>;
    },
    async fail(name, args = {}) {
      const result = await client.callTool({ name, arguments: args });
      if (!result.isError) throw new Error(`${name} succeeded: ${JSON.stringify(result.content)}`);
      return result.content.map((block) => (block.type === "text" ? block.text : "")).join("\n");
    },
  };
}
