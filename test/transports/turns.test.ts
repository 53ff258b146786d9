import { expect, test } from "vitest";
import { createSandbox } from "../../src/sandbox/app.ts";
import { openClient, serveCatalogue } from "../support/callers.ts";
import { until } from "../support/http.ts";

const tokens = ["token-of-ada", "token-of-bob"];
const flood = 30;

/** Two callers of one Maton account. Upstream can be stopped, and notes the paths of its requests in order. */
async function serveTeam() {
  const sandbox = createSandbox();
  const upstream = { paths: [] as string[], gate: Promise.resolve(), calls: 0 };
  const { url } = await serveCatalogue({
    authTokens: tokens,
    key: "sandbox",
    atOnce: 1,
    onCall: () => {
      upstream.calls += 1;
    },
    fetch: async (input, init) => {
      const request = new Request(input, init);
      upstream.paths.push(new URL(request.url).pathname);
      await upstream.gate;
      return sandbox.fetch(request);
    },
  });
  return { url, upstream };
}

test.each(["mcp", "modern", "sse"] as const)(
  "%s: a caller who sends many calls does not delay others of the same account",
  async (way) => {
    const { url, upstream } = await serveTeam();
    const [ada, bob] = await Promise.all(
      tokens.map((token) => openClient(url, "", way, { Authorization: `Bearer ${token}` })),
    );
    const list = (client: typeof ada, module: string, per_page: number) =>
      client?.callTool({ name: "bigin_list_records", arguments: { module, per_page } });
    // Metadata is read and cached first; then each call is one request.
    for (const module of ["Contacts", "Accounts"]) await list(ada, module, 100);
    let open = () => {};
    upstream.gate = new Promise((resolve) => {
      open = resolve;
    });
    Object.assign(upstream, { paths: [], calls: 0 });
    const ofAda = Array.from({ length: flood }, (_, at) => list(ada, "Contacts", at + 1));
    // A call opens its account right before it queues.
    await until(() => upstream.calls === flood);
    const ofBob = list(bob, "Accounts", 1);
    await until(() => upstream.calls === flood + 1);
    open();
    const replies = await Promise.all([...ofAda, ofBob]);
    for (const reply of replies) expect(reply).not.toHaveProperty("isError");
    const isFor = (module: string) => (path: string) => path.includes(`/${module}`);
    expect(upstream.paths.filter(isFor("Contacts")).length).toBeGreaterThanOrEqual(flood);
    // One request was in progress when he called, and one more had its turn already.
    expect(upstream.paths.findIndex(isFor("Accounts"))).toBeLessThanOrEqual(2);
    expect(upstream.paths.findLastIndex(isFor("Accounts"))).toBeLessThan(flood / 2);
  },
);
