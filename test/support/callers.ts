import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { onTestFinished } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import type { Log } from "../../src/logging/log.ts";
import { createServer } from "../../src/server/server.ts";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { type HttpOptions, serveHttp } from "../../src/transports/http.ts";
import { tools } from "../../tools/index.ts";

export type Way = "mcp" | "modern" | "sse";

/** Starts one HTTP server for several Maton accounts and returns its address. `answers` has the upstream of each key. */
export async function serveCallers(
  answers: ReadonlyMap<string, (request: Request) => Promise<Response>>,
  log: Log,
  limits: HttpOptions["limits"] = {},
): Promise<string> {
  const accounts = createAccounts({
    gatewayUrl: "https://gateway.maton.ai",
    controlUrl: "https://ctrl.maton.ai",
    userAgent: "bigin-mcp/test",
    limits: { perSecond: 1_000_000, atOnce: 10 },
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const key = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
      const answer = answers.get(key);
      if (!answer) throw new Error("a key of no account");
      return answer(request);
    },
  });
  const catalogue = createCatalogue(tools, { readOnly: false });
  const running = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    auth: "maton",
    authTokens: [],
    log,
    limits,
    makeServer: (caller) =>
      createServer({
        version: "0.0.0",
        replyTokens: 6000,
        confirm: "destructive",
        catalogue,
        log,
        account: async () => accounts.of(caller.matonKey ?? ""),
        caller: caller.id,
        connection: caller.connection,
      }),
  });
  onTestFinished(() => running.close());
  return running.url;
}

/** Connects a client with this key. */
export async function openClient(
  url: string,
  key: string,
  way: Way,
  headers: Record<string, string> = {},
): Promise<Client> {
  const requestInit = { headers: { "X-Maton-Api-Key": key, ...headers } };
  const client = new Client(
    { name: "test", version: "1" },
    way === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {},
  );
  await client.connect(
    way === "sse"
      ? new SSEClientTransport(new URL(`${url}/sse`), { requestInit })
      : new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }),
  );
  onTestFinished(() => client.close());
  return client;
}
