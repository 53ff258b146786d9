import type { Client } from "@modelcontextprotocol/client";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Log } from "../../src/logging/log.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/app.ts";
import { openClient, serveCallers } from "../support/callers.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const keys = ["key-of-ada-0123456789", "key-of-bob-9876543210"];

/** One HTTP server for two Maton accounts, each with a sandbox of its own behind it. */
async function serveTwo() {
  const sandboxes = new Map(keys.map((key, at) => [key, createSandbox({ key, seed: at + 1 })]));
  const answers = [...sandboxes].map(
    ([key, { fetch }]) => [key, async (request: Request) => fetch(request)] as const,
  );
  return { url: await serveCallers(new Map(answers), quiet as Log), sandboxes };
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
    const [ada, bob] = await Promise.all(keys.map((key) => openClient(url, key, kind)));
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
  const [ada, bob] = await Promise.all(keys.map((key) => openClient(url, key, "mcp")));
  for (const client of [ada, bob])
    await client?.callTool({ name: "bigin_list_modules", arguments: {} });
  for (const key of keys) {
    const asked = sandboxes.get(key)?.requests.map(({ path }) => path) ?? [];
    expect(asked.filter((path) => path.endsWith("/settings/modules"))).toHaveLength(1);
    expect(asked.filter((path) => path === "/connections")).toHaveLength(1);
  }
});
