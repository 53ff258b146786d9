import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport, type McpServer } from "@modelcontextprotocol/server";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type Account, createAccounts } from "../../src/account/account.ts";
import type { Store } from "../../src/account/store.ts";
import type { AuditLog } from "../../src/logging/audit-log.ts";
import { createLog, type Log } from "../../src/logging/log.ts";
import type { Limits } from "../../src/maton/rate-limit.ts";
import { createSandbox, type Sandbox, type SandboxOptions } from "../../src/sandbox/app.ts";
import { createServer } from "../../src/server/server.ts";
import { type Choice, createCatalogue } from "../../src/tool/catalogue.ts";
import type { Confirm } from "../../src/tool/confirm.ts";
import { tools } from "../../tools/index.ts";
import { testedContract } from "./contract.ts";
import { everyToolset } from "./examples.ts";

type Args = Record<string, unknown>;

/** Where requests would go, if `fetch` were not replaced. */
export const addresses = {
  gatewayUrl: "https://gateway.maton.ai",
  controlUrl: "https://ctrl.maton.ai",
  userAgent: "bigin-mcp/test",
};

const listed = new Map(
  createCatalogue(tools, { readOnly: false, toolsets: everyToolset })
    .list()
    .map((tool) => [tool.name, tool]),
);
const ajv = new Ajv2020({ strict: true, allowUnionTypes: false });

/** Throws if a reply does not fit the tool's advertised schema, read strictly. */
function checkReply(name: string, reply: unknown): void {
  const schema = listed.get(name)?.outputSchema ?? false;
  if (!ajv.validate(schema, reply))
    throw new Error(`${name} does not fit its schema: ${ajv.errorsText()}`);
}

interface Connected extends Joined {
  sandbox: Sandbox;
  /** The requests that were sent upstream, oldest first. */
  sent: {
    at: number;
    method: string;
    url: URL;
    headers: Headers;
    body: string;
    signal: AbortSignal;
  }[];
  /** Another account of the same program, on the same sandbox. */
  as(key: string): Promise<Joined>;
  /** The same account after a restart of the program. */
  restart(): Promise<Joined>;
}

interface Joined {
  client: Client;
  /** Another server of the same account, for another client. */
  makeServer(): McpServer;
  /** Calls a tool and returns its structured reply. Throws if the call fails. */
  call: Calls<Record<string, unknown>>;
  /** Calls a tool that must fail and returns the error message, without the id of the call. */
  fail: Calls<string>;
}

type OfModule<Result> = (module: string, more?: object) => Promise<Result>;
type OfRows<Result> = (module: string, rows: readonly unknown[], more?: object) => Promise<Result>;

/** Calls a tool by its name. The methods call the tools for records. */
interface Calls<Result> {
  (name: string, args?: Args): Promise<Result>;
  list: OfModule<Result>;
  search: OfModule<Result>;
  summarize: OfModule<Result>;
  describe: OfModule<Result>;
  get(module: string, id: unknown, more?: object): Promise<Result>;
  create: OfRows<Result>;
  update: OfRows<Result>;
  upsert: OfRows<Result>;
  /** The rows are ids. A delete that must be confirmed, because a company has contacts, is confirmed. */
  delete: OfRows<Result>;
  undo(write_id: unknown, more?: object): Promise<Result>;
}

export interface ConnectOptions extends SandboxOptions, Partial<Choice>, ServerChoice {
  limits?: Limits;
  /** Where each account keeps what outlives a call; memory by default. */
  createStore?: () => Store;
  /** Changes a response of upstream, to imitate an organisation that the sandbox cannot. Returns the body to send. */
  alter?: (path: string, body: Args, query: URLSearchParams) => unknown;
}

/** A real MCP client and the real server on the sandbox, joined in memory. */
export async function connect(options: ConnectOptions = {}): Promise<Connected> {
  const sandbox = createSandbox({ contract: testedContract, ...options });
  const sent: Connected["sent"] = [];
  const start = () =>
    createAccounts({
      ...addresses,
      fetch: async (input, init) => {
        const request = new Request(input, init);
        const { method, url, headers, signal } = request;
        const body = await request.clone().text();
        sent.push({ at: performance.now(), method, url: new URL(url), headers, body, signal });
        // The sandbox knows one key only.
        request.headers.set("Authorization", "Bearer sandbox");
        const response = await sandbox.fetch(request);
        const { alter } = options;
        const { pathname, searchParams } = new URL(url);
        return alter
          ? altered(response, (reply) => alter(pathname, reply, searchParams))
          : response;
      },
      limits: options.limits ?? { perSecond: 1_000_000, atOnce: 10 },
      ...(options.createStore && { createStore: options.createStore }),
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

/** A real MCP client and the real server of an account, joined in memory. */
export async function connectTo(
  account: () => Promise<Account>,
  options: Choice & ServerChoice = { readOnly: false },
): Promise<Joined> {
  const { confirm = "none" } = options;
  const catalogue = createCatalogue(tools, options);
  const makeServer = () =>
    createServer({
      version: "0.0.0",
      catalogue,
      account,
      connection: options.connection,
      replyTokens: options.replyTokens ?? 6000,
      confirm,
      audit: options.audit,
      log: options.log ?? createLog("error"),
    });
  const client = new Client({ name: "test", version: "1" });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([makeServer().connect(far), client.connect(near)]);

  return {
    client,
    makeServer,
    call: withRecordTools(confirm, async (name, args = {}) => {
      const result = await client.callTool({ name, arguments: args });
      if (result.isError || !result.structuredContent)
        throw new Error(`${name} failed: ${JSON.stringify(result.content)}`);
      checkReply(name, result.structuredContent);
      return result.structuredContent as Record<string, unknown>;
    }),
    fail: withRecordTools(confirm, async (name, args = {}) => {
      const result = await client.callTool({ name, arguments: args });
      if (!result.isError) throw new Error(`${name} succeeded: ${JSON.stringify(result.content)}`);
      const message = result.content
        .map((block) => (block.type === "text" ? block.text : ""))
        .join("\n");
      if (!callId.test(message)) throw new Error(`${name} names no call: ${message}`);
      return message.replace(callId, "");
    }),
  };
}

function withRecordTools<Result>(
  confirm: Confirm,
  call: (name: string, args?: Args) => Promise<Result>,
): Calls<Result> {
  const ofModule =
    (name: string): OfModule<Result> =>
    (module, more) =>
      call(name, { ...more, module });
  const ofRows =
    (name: string): OfRows<Result> =>
    (module, records, more) =>
      call(name, { ...more, module, records });
  return Object.assign(call, {
    list: ofModule("bigin_list_records"),
    search: ofModule("bigin_search_records"),
    summarize: ofModule("bigin_summarize_records"),
    describe: ofModule("bigin_describe_module"),
    get: (module: string, id: unknown, more: object = {}) =>
      call("bigin_get_record", { ...more, module, id }),
    create: ofRows("bigin_create_records"),
    update: ofRows("bigin_update_records"),
    upsert: ofRows("bigin_upsert_records"),
    async delete(module: string, ids: readonly unknown[], more: object = {}) {
      const first = await call("bigin_delete_records", { ...more, module, ids });
      const { status, confirm_token } = Object(first);
      if (status !== "confirmation_required" || confirm !== "none") return first;
      return call("bigin_delete_records", { ...more, module, ids, confirm_token });
    },
    undo: (write_id: unknown, more: object = {}) => call("bigin_undo_write", { ...more, write_id }),
  });
}
