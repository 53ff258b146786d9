import type { Client } from "@modelcontextprotocol/client";
import { type AccountOptions, createAccounts } from "../../src/account/account.ts";
import type { Log } from "../../src/logging/log.ts";
import { createServer } from "../../src/server/server.ts";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import type { HttpOptions } from "../../src/transports/http.ts";
import { tools } from "../../tools/index.ts";
import { addresses } from "./connect.ts";
import { connectClient, keptLog, newestOnly, start } from "./http.ts";

export type Way = "mcp" | "modern" | "sse";

interface CatalogueOptions extends Partial<HttpOptions> {
  /** Replaces the network. */
  fetch: NonNullable<AccountOptions["fetch"]>;
  /** The server's own Maton key, for callers who send none. */
  key?: string;
  /** Requests to one account at the same time. */
  atOnce?: number;
  /** Called when a tool call opens its account. */
  onCall?: () => void;
}

/** The real tools over HTTP, each caller with the account of their key. */
export function serveCatalogue(options: CatalogueOptions) {
  const { fetch, key = "", atOnce = 10, onCall, log = keptLog().log, ...http } = options;
  const accounts = createAccounts({
    ...addresses,
    limits: { perSecond: 1_000_000, atOnce },
    fetch,
  });
  const catalogue = createCatalogue(tools, { readOnly: false });
  return start({
    log,
    ...http,
    makeServer: (caller) =>
      createServer({
        version: "0.0.0",
        replyTokens: 6000,
        confirm: "destructive",
        catalogue,
        log,
        caller: caller.id,
        connection: caller.connection,
        account: async () => {
          onCall?.();
          return accounts.of(caller.matonKey ?? key);
        },
      }),
  });
}

/** The same for several Maton accounts: `answers` has by key what answers their requests. Returns the address. */
export async function serveCallers(
  answers: ReadonlyMap<string, (request: Request) => Promise<Response>>,
  log: Log,
  limits: HttpOptions["limits"] = {},
): Promise<string> {
  const { url } = await serveCatalogue({
    auth: "maton",
    log,
    limits,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const key = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
      const answer = answers.get(key);
      if (!answer) throw new Error("a key of no account");
      return answer(request);
    },
  });
  return url;
}

/** A client that sends a Maton key. */
export function openClient(
  url: string,
  key: string,
  way: Way,
  headers: Record<string, string> = {},
): Promise<Client> {
  return connectClient(url, way === "sse" ? "/sse" : "/mcp", way === "modern" ? newestOnly : {}, {
    "X-Maton-Api-Key": key,
    ...headers,
  });
}
