import fc from "fast-check";
import { expect, test } from "vitest";
import { tools } from "../../tools/index.ts";
import { openClient, type Way } from "../support/callers.ts";
import { initialize, openSession, post } from "../support/http.ts";
import { serve } from "../support/program.ts";

type Headers = Record<string, string>;
const ways: readonly Way[] = ["mcp", "modern", "sse"];
const names = tools.map(({ name }) => name);
const toolsets = [...new Set<string>(tools.map(({ toolset }) => toolset))];
const toolOf = new Map(tools.map((tool) => [tool.name, tool]));

/** The program on its sandbox, where each caller brings a key. */
const served = (args: readonly string[]) => serve(["--sandbox", "--auth", "maton", ...args]);

/** The tools that a caller with these headers is offered; all others are surely refused by name, and none of these. */
async function offered(url: string, way: Way, headers: Headers): Promise<string[]> {
  const client = await openClient(url, "sandbox", way, headers);
  const listed = (await client.listTools()).tools.map(({ name }) => name);
  await Promise.all(
    names.map(async (name) => {
      // No tool takes this argument, so that nothing is read or written.
      const call = client.callTool({ name, arguments: { no_such_argument: true } });
      const { isError, content } = await call;
      const said = JSON.stringify(content);
      expect([name, isError, /is switched off: /.test(said)]).toEqual([
        name,
        true,
        !listed.includes(name),
      ]);
    }),
  );
  await client.close();
  return listed.toSorted();
}

const subset = fc.subarray(toolsets, { minLength: 1 });
const settings = fc.record({
  readOnly: fc.boolean(),
  toolsets: fc.option(subset),
  tools: fc.option(fc.subarray(names, { minLength: 1, maxLength: 3 })),
  excluded: fc.subarray(names, { maxLength: 3 }),
});
const wish = fc.record({
  readOnly: fc.constantFrom(undefined, "true", "YES", "1", "false", "no", "0", " "),
  toolsets: fc.option(fc.tuple(subset, fc.constantFrom(",", " , ", ",,")), { nil: undefined }),
});

const saidYes = (text: string | undefined) => /^(true|yes|1)$/i.test(text ?? "");

test("headers choose among what the server offers and never add to it", async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(fc.tuple(fc.constantFrom(...ways), wish), { minLength: 5, maxLength: 5 }),
      async (chosen, wishes) => {
        const list = (option: string, values: readonly string[] | null) =>
          values && values.length > 0 ? [option, values.join(",")] : [];
        const { url, child } = await served([
          ...(chosen.readOnly ? ["--read-only"] : []),
          ...list("--toolsets", chosen.toolsets),
          ...list("--tools", chosen.tools),
          ...list("--exclude-tools", chosen.excluded),
        ]);
        const own = await offered(url, "modern", {});
        for (const name of own) {
          expect(chosen.excluded).not.toContain(name);
          if (chosen.readOnly) expect(toolOf.get(name)?.effect).toBe("read");
        }
        for (const [way, { readOnly, toolsets: wanted }] of wishes) {
          const headers: Headers = {
            ...(readOnly !== undefined && { "X-Bigin-Read-Only": readOnly }),
            ...(wanted && { "X-Bigin-Toolsets": wanted[0].join(wanted[1]) }),
          };
          const left = own.filter((name) => {
            const tool = toolOf.get(name);
            if (saidYes(readOnly) && tool?.effect !== "read") return false;
            return !wanted || wanted[0].some((one) => one === tool?.toolset);
          });
          expect(await offered(url, way, headers), JSON.stringify(headers)).toEqual(left);
        }
        child.kill();
      },
    ),
    { numRuns: 3 },
  );
});

test("a server started narrowly stays so, whatever a caller says", async () => {
  const { url } = await served(["--read-only", "--toolsets", "records"]);
  const wider: Headers[] = [
    { "X-Bigin-Read-Only": "false" },
    { "X-Bigin-Toolsets": toolsets.join(",") },
    { "X-Bigin-Read-Only": "0", "X-Bigin-Toolsets": toolsets.join(", ") },
  ];
  const own = await offered(url, "mcp", {});
  expect(own.length).toBeGreaterThan(0);
  for (const name of own)
    expect(toolOf.get(name)).toMatchObject({ effect: "read", toolset: "records" });
  for (const way of ways)
    for (const headers of wider) expect(await offered(url, way, headers)).toEqual(own);
  for (const nonsense of ["perhaps", "true, false", "\xff", "2"]) {
    const headers = { "X-Maton-Api-Key": "sandbox", "X-Bigin-Read-Only": nonsense };
    expect((await post(`${url}/mcp`, initialize("2025-11-25"), headers)).status).toBe(400);
  }
});

test("a session that was opened narrowly is not widened by a later request", async () => {
  const { url } = await served([]);
  const key = { "X-Maton-Api-Key": "sandbox" };
  const narrow = { ...key, "X-Bigin-Read-Only": "true", "X-Bigin-Toolsets": "records" };
  const session = { "Mcp-Session-Id": await openSession(url, narrow) };
  const list = { jsonrpc: "2.0", id: 5, method: "tools/list", params: {} };
  const listed = await post(`${url}/mcp`, list, { ...key, ...session });
  expect(listed.body).toContain("bigin_list_records");
  expect(listed.body).not.toMatch(/bigin_create_records|bigin_list_users/);
  const wider = { ...key, ...session, "X-Bigin-Toolsets": toolsets.join(",") };
  expect((await post(`${url}/mcp`, list, wider)).status).toBe(400);
  // Empty, or "no" to being read-only, wishes for nothing: what was wished first stays.
  const empty = { ...key, ...session, "X-Bigin-Read-Only": "false", "X-Bigin-Toolsets": "" };
  expect((await post(`${url}/mcp`, list, empty)).body).toBe(listed.body);
});
