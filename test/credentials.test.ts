import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { createAccounts } from "../src/account.ts";
import { createSandbox, type Sandbox } from "../src/sandbox/app.ts";
import { createServer } from "../src/server.ts";
import { createCatalogue } from "../src/tool/catalogue.ts";
import { serveHttp } from "../src/transports/http.ts";
import { tools } from "../tools/index.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const keys = ["key-of-ada-0123456789", "key-of-bob-9876543210"];

/** One HTTP server for two Maton accounts, each with a sandbox of its own behind it. */
async function serveTwo() {
  const sandboxes = new Map(keys.map((key, at) => [key, createSandbox({ key, seed: at + 1 })]));
  const accounts = createAccounts({
    gatewayUrl: "https://gateway.maton.ai",
    controlUrl: "https://ctrl.maton.ai",
    userAgent: "bigin-mcp/test",
    limits: { perSecond: 1_000_000, atOnce: 10 },
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const key = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
      const sandbox = sandboxes.get(key);
      if (!sandbox) throw new Error("a key that belongs to nobody");
      return sandbox.fetch(request);
    },
  });
  const catalogue = createCatalogue(tools, { readOnly: false });
  const running = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    auth: "maton",
    authTokens: [],
    log: quiet,
    makeServer: (caller) =>
      createServer({
        version: "0.0.0",
        replyTokens: 6000,
        confirm: "destructive",
        catalogue,
        log: quiet,
        account: async () => accounts.of(caller.matonKey ?? ""),
        connection: caller.connection,
      }),
  });
  onTestFinished(() => running.close());
  return { url: running.url, sandboxes };
}

async function open(url: string, key: string, kind: "mcp" | "modern" | "sse") {
  const requestInit = { headers: { "X-Maton-Api-Key": key } };
  const client = new Client(
    { name: "test", version: "1" },
    kind === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {},
  );
  const transport =
    kind === "sse"
      ? new SSEClientTransport(new URL(`${url}/sse`), { requestInit })
      : new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

const textOf = (result: Awaited<ReturnType<Client["callTool"]>>) => JSON.stringify(result.content);

function emailsOf(sandbox: Sandbox | undefined): Set<string> {
  const contacts = [...(sandbox?.store.records("Contacts").values() ?? [])];
  return new Set(
    contacts.flatMap((one) => (typeof one["Email"] === "string" ? [one["Email"]] : [])),
  );
}

test.each(["mcp", "modern", "sse"] as const)(
  "%s: two credentials side by side see only their own",
  async (kind) => {
    const { url, sandboxes } = await serveTwo();
    const [ada, bob] = await Promise.all(keys.map((key) => open(url, key, kind)));
    const emails = keys.map((key) => emailsOf(sandboxes.get(key)));
    const step = fc.record({
      who: fc.constantFrom(0, 1),
      page: fc.integer({ min: 1, max: 3 }),
      write: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (steps) => {
        const replies = await Promise.all(
          steps.map(async ({ who, page, write }) => {
            const client = who === 0 ? ada : bob;
            const name = write ? "bigin_create_records" : "bigin_list_records";
            const records = [{ Last_Name: `of-caller-${who}` }];
            const args = write
              ? { module: "Contacts", records }
              : { module: "Contacts", page, per_page: 50 };
            return {
              who,
              text: client ? textOf(await client.callTool({ name, arguments: args })) : "",
            };
          }),
        );
        for (const { who, text } of replies) {
          const other = 1 - who;
          expect(text).not.toContain(`of-caller-${other}`);
          for (const key of keys) expect(text).not.toContain(key);
          for (const email of emails[other] ?? [])
            if (!emails[who]?.has(email)) expect(text).not.toContain(email);
        }
      }),
      { numRuns: 15 },
    );
    for (const [at, key] of keys.entries()) {
      const names = [...(sandboxes.get(key)?.store.records("Contacts").values() ?? [])].map(
        (one) => one["Last_Name"],
      );
      expect(names).not.toContain(`of-caller-${1 - at}`);
    }
  },
);

test("what one credential taught the cache is not told to the other", async () => {
  const { url, sandboxes } = await serveTwo();
  const [ada, bob] = await Promise.all(keys.map((key) => open(url, key, "mcp")));
  for (const client of [ada, bob])
    await client?.callTool({ name: "bigin_list_modules", arguments: {} });
  for (const key of keys) {
    const asked = sandboxes.get(key)?.requests.map(({ path }) => path) ?? [];
    expect(asked.filter((path) => path.endsWith("/settings/modules"))).toHaveLength(1);
    expect(asked.filter((path) => path === "/connections")).toHaveLength(1);
  }
});
