import { expect, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import type { Log } from "../../src/logging/log.ts";
import { createSandbox } from "../../src/sandbox/app.ts";
import { createServer } from "../../src/server/server.ts";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { tools } from "../../tools/index.ts";
import { openClient } from "../support/callers.ts";
import { keptLog, start, until } from "../support/http.ts";

const tokens = ["token-of-ada", "token-of-bob"];

/** One Maton account for two callers. Upstream is shut or open, and tells what it was asked for, in order. */
async function serveTeam() {
  const sandbox = createSandbox();
  const upstream = { asked: [] as string[], gate: Promise.resolve(), calls: 0 };
  const accounts = createAccounts({
    ...{ gatewayUrl: "https://gateway.maton.ai", controlUrl: "https://ctrl.maton.ai" },
    userAgent: "bigin-mcp/test",
    limits: { perSecond: 1_000_000, atOnce: 1 },
    fetch: async (input, init) => {
      const request = new Request(input, init);
      upstream.asked.push(new URL(request.url).pathname);
      await upstream.gate;
      return sandbox.fetch(request);
    },
  });
  const catalogue = createCatalogue(tools, { readOnly: false });
  const log = keptLog().log as Log;
  const { url } = await start({
    authTokens: tokens,
    makeServer: (caller) =>
      createServer({
        ...{ version: "0.0.0", replyTokens: 6000, confirm: "destructive", catalogue, log },
        ...{ caller: caller.id, connection: undefined },
        account: async () => {
          upstream.calls += 1;
          return accounts.of("sandbox");
        },
      }),
  });
  return { url, upstream };
}

const flood = 30;

test.each(["mcp", "modern", "sse"] as const)(
  "%s: a caller who floods holds up no other of the same account",
  async (way) => {
    const { url, upstream } = await serveTeam();
    const [ada, bob] = await Promise.all(
      tokens.map((token) => openClient(url, "", way, { Authorization: `Bearer ${token}` })),
    );
    const list = (client: typeof ada, module: string, per_page: number) =>
      client?.callTool({ name: "bigin_list_records", arguments: { module, per_page } });
    // What is learnt of the organisation is asked for once; then each call is one request.
    for (const module of ["Contacts", "Accounts"]) await list(ada, module, 100);
    let open = () => {};
    upstream.gate = new Promise((resolve) => {
      open = resolve;
    });
    Object.assign(upstream, { asked: [], calls: 0 });
    const ofAda = Array.from({ length: flood }, (_, at) => list(ada, "Contacts", at + 1));
    // Each call asks for its account, and right after that it queues.
    await until(() => upstream.calls === flood);
    const ofBob = list(bob, "Accounts", 1);
    await until(() => upstream.calls === flood + 1);
    open();
    const replies = await Promise.all([...ofAda, ofBob]);
    for (const reply of replies) expect(reply).not.toHaveProperty("isError");
    const of = (module: string) => (path: string) => path.includes(`/${module}`);
    expect(upstream.asked.filter(of("Contacts")).length).toBeGreaterThanOrEqual(flood);
    // One request was under way when he came, and one more had been handed its turn.
    expect(upstream.asked.findIndex(of("Accounts"))).toBeLessThanOrEqual(2);
    expect(upstream.asked.findLastIndex(of("Accounts"))).toBeLessThan(flood / 2);
  },
);
