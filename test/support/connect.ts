import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport, type McpServer } from "@modelcontextprotocol/server";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type Account, createAccounts } from "../../src/account/account.ts";
import type { AuditLog } from "../../src/logging/audit-log.ts";
import { createLog, type Log } from "../../src/logging/log.ts";
import type { Limits } from "../../src/maton/rate-limit.ts";
import { createSandbox, type Sandbox, type SandboxOptions } from "../../src/sandbox/app.ts";
import { createServer } from "../../src/server/server.ts";
import { type Choice, createCatalogue } from "../../src/tool/catalogue.ts";
import { tools } from "../../tools/index.ts";

type Args = Record<string, unknown>;

const listed = new Map(
  createCatalogue(tools, { readOnly: false })
    .list()
    .map((tool) => [tool.name, tool]),
);
const ajv = new Ajv2020({ strict: true, allowUnionTypes: false });

/** Every reply that passes through here must fit its advertised schema as a strict validator reads it. */
function checkReply(name: string, reply: unknown): void {
  const schema = listed.get(name)?.outputSchema ?? false;
  if (!ajv.validate(schema, reply))
    throw new Error(`${name} does not fit its schema: ${ajv.errorsText()}`);
}

interface Connected extends Joined {
  sandbox: Sandbox;
  /** What our client sent, the oldest first. */
  sent: {
    at: number;
    method: string;
    url: URL;
    headers: Headers;
    body: string;
    signal: AbortSignal;
  }[];
  /** Another account on the same program and the same sandbox. */
  as(key: string): Promise<Joined>;
  /** The same account on a program that was started anew. */
  restart(): Promise<Joined>;
}

interface Joined {
  client: Client;
  /** Another server of the same account, for a client of its own. */
  makeServer(): McpServer;
  /** Calls a tool that must succeed and gives back its structured reply. */
  call(name: string, args?: Args): Promise<Record<string, unknown>>;
  /** Calls a tool that must fail and gives back what the agent is told, without the id of the call. */
  fail(name: string, args?: Args): Promise<string>;
}

/** A real MCP client, the real server and the real client code on the sandbox, joined in memory. */
export async function connect(
  options: SandboxOptions &
    Partial<Choice> &
    ServerChoice & {
      limits?: Limits;
      /** Changes what upstream answers: an organisation the sandbox does not play. */
      alter?: (path: string, body: Args) => unknown;
    } = {},
): Promise<Connected> {
  const sandbox = createSandbox(options);
  const sent: Connected["sent"] = [];
  const start = () =>
    createAccounts({
      gatewayUrl: "https://gateway.maton.ai",
      controlUrl: "https://ctrl.maton.ai",
      userAgent: "bigin-mcp/test",
      fetch: async (input, init) => {
        const request = new Request(input, init);
        const { method, url, headers, signal } = request;
        const body = await request.clone().text();
        sent.push({ at: performance.now(), method, url: new URL(url), headers, body, signal });
        // The sandbox knows one key only.
        request.headers.set("Authorization", "Bearer sandbox");
        const response = await sandbox.fetch(request);
        const { alter } = options;
        return alter ? altered(response, (reply) => alter(new URL(url).pathname, reply)) : response;
      },
      limits: options.limits ?? { perSecond: 1_000_000, atOnce: 10 },
    });
  const program = start();
  const join = (key: string, accounts = program) =>
    connectTo(async () => accounts.of(key), { readOnly: false, ...options });
  const restart = () => join("sandbox", start());
  return { ...(await join("sandbox")), sandbox, sent, as: (key) => join(key), restart };
}

const callId = / Call id: [\w-]{8}\./;

interface ServerChoice {
  connection?: string;
  replyTokens?: number;
  audit?: AuditLog;
  log?: Log;
}

async function altered(response: Response, alter: (body: Args) => unknown): Promise<Response> {
  const text = await response.clone().text();
  const body: Args = text === "" ? {} : JSON.parse(text);
  const changed = alter(body);
  const status = response.status === 204 ? 200 : response.status;
  const retryAfter = response.headers.get("Retry-After");
  const headers = retryAfter === null ? {} : { "Retry-After": retryAfter };
  return changed === body ? response : Response.json(changed, { status, headers });
}

/** A real MCP client joined in memory to the real server of an account. */
export async function connectTo(
  account: () => Promise<Account>,
  options: Choice & ServerChoice = { readOnly: false },
): Promise<Joined> {
  const catalogue = createCatalogue(tools, options);
  const makeServer = () =>
    createServer({
      version: "0.0.0",
      catalogue,
      account,
      connection: options.connection,
      replyTokens: options.replyTokens ?? 6000,
      confirm: options.confirm ?? "none",
      audit: options.audit,
      log: options.log ?? createLog("error"),
    });
  const client = new Client({ name: "test", version: "1" });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([makeServer().connect(far), client.connect(near)]);

  return {
    client,
    makeServer,
    async call(name, args = {}) {
      const result = await client.callTool({ name, arguments: args });
      if (result.isError || !result.structuredContent)
        throw new Error(`${name} failed: ${JSON.stringify(result.content)}`);
      checkReply(name, result.structuredContent);
      return result.structuredContent as Record<string, unknown>;
    },
    async fail(name, args = {}) {
      const result = await client.callTool({ name, arguments: args });
      if (!result.isError) throw new Error(`${name} succeeded: ${JSON.stringify(result.content)}`);
      const told = result.content
        .map((block) => (block.type === "text" ? block.text : ""))
        .join("\n");
      if (!callId.test(told)) throw new Error(`${name} names no call: ${told}`);
      return told.replace(callId, "");
    },
  };
}
