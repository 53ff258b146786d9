import fc from "fast-check";
import { expect, test } from "vitest";
import { tools } from "../../tools/index.ts";
import type { Way } from "../support/callers.ts";
import {
  endpointOf,
  initialize,
  messageOf,
  modern,
  openSession,
  openStream,
  post,
  until,
} from "../support/http.ts";
import { serve } from "../support/program.ts";

type Headers = Record<string, string>;
const ways: readonly Way[] = ["mcp", "modern", "sse"];
const names = tools.map(({ name }) => name);
const toolsets = [...new Set<string>(tools.map(({ toolset }) => toolset))];
const toolOf = new Map(tools.map((tool) => [tool.name, tool]));

/** The program on its sandbox. Each caller sends a key. */
const served = (args: readonly string[]) => serve(["--sandbox", "--auth", "maton", ...args]);

/**
 * Opens a connection and returns a function that sends a request and returns the result. Not with a client of the SDK: that
 * compiles the schemas of all tools before its first call, which takes longer than everything else here.
 */
async function openRaw(url: string, way: Way, given: Headers) {
  const headers = { "X-Maton-Api-Key": "sandbox", ...given };
  let id = 10;
  const next = (method: string, params: object) => {
    id += 1;
    return { jsonrpc: "2.0", id, method, params };
  };
  if (way === "modern")
    return async (method: string, params = {}) => {
      const { message, headers: more } = modern(next(method, params));
      return messageOf(await post(`${url}/mcp`, message, { ...headers, ...more })).result;
    };
  if (way === "mcp") {
    const session = { ...headers, "Mcp-Session-Id": await openSession(url, headers) };
    return async (method: string, params = {}) =>
      messageOf(await post(`${url}/mcp`, next(method, params), session)).result;
  }
  const stream = await openStream(`${url}/sse`, headers);
  const endpoint = await endpointOf(url, stream);
  await post(endpoint, initialize("2025-11-25"), headers);
  return async (method: string, params = {}) => {
    const message = next(method, params);
    await post(endpoint, message, headers);
    const event = () =>
      stream.received.split("\n\n").find((text) => text.endsWith(`"id":${message.id}}`));
    await until(() => event() !== undefined);
    return JSON.parse(event()?.split("\ndata: ")[1] ?? "").result;
  };
}

/** The tools that a caller with these headers is offered. Checks with some calls that the others are refused, and these not. */
async function offered(url: string, way: Way, headers: Headers): Promise<string[]> {
  const ask = await openRaw(url, way, headers);
  const { tools: listed }: { tools: { name: string }[] } = await ask("tools/list");
  const isListed = (one: string) => listed.some(({ name }) => name === one);
  const hidden = names.filter((name) => !isListed(name)).filter((_, at) => at % 4 === 0);
  for (const name of [...hidden, ...names.filter(isListed).slice(0, 1)]) {
    // No tool has this argument, so nothing is read or written.
    const result = await ask("tools/call", { name, arguments: { no_such_argument: true } });
    const isOff = /is switched off: /.test(JSON.stringify(result.content));
    expect([name, result.isError, isOff]).toEqual([name, true, !isListed(name)]);
  }
  return listed.map(({ name }) => name).toSorted();
}

const subset = fc.subarray(toolsets, { minLength: 1 });
const settings = fc.record({
  readOnly: fc.boolean(),
  toolsets: fc.option(subset),
  tools: fc.option(fc.subarray(names, { minLength: 1, maxLength: 3 })),
  excluded: fc.subarray(names, { maxLength: 3 }),
});
const wish = fc.record({
  way: fc.constantFrom(...ways),
  readOnly: fc.constantFrom(undefined, "true", "YES", "1", "false", "no", "0", " "),
  toolsets: fc.option(fc.tuple(subset, fc.constantFrom(",", " , ", ",,")), { nil: undefined }),
});

const isYes = (text: string | undefined) => /^(true|yes|1)$/i.test(text ?? "");
const listOf = (option: string, values: readonly string[] | null) =>
  values && values.length > 0 ? [option, values.join(",")] : [];

test("headers choose among what the server offers and never add to it", async () => {
  const wishes = fc.array(wish, { minLength: 5, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(settings, wishes, async (chosen, all) => {
      const { url, child } = await served([
        ...(chosen.readOnly ? ["--read-only"] : []),
        ...listOf("--toolsets", chosen.toolsets),
        ...listOf("--tools", chosen.tools),
        ...listOf("--exclude-tools", chosen.excluded),
      ]);
      const own = await offered(url, "modern", {});
      for (const name of own) {
        expect(chosen.excluded).not.toContain(name);
        if (chosen.readOnly) expect(toolOf.get(name)?.effect).toBe("read");
      }
      for (const { way, readOnly, toolsets: wanted } of all) {
        const headers: Headers = {
          ...(readOnly !== undefined && { "X-Bigin-Read-Only": readOnly }),
          ...(wanted && { "X-Bigin-Toolsets": wanted[0].join(wanted[1]) }),
        };
        const left = own.filter((name) => {
          const tool = toolOf.get(name);
          if (isYes(readOnly) && tool?.effect !== "read") return false;
          return !wanted || wanted[0].some((one) => one === tool?.toolset);
        });
        expect(await offered(url, way, headers), JSON.stringify(headers)).toEqual(left);
      }
      child.kill();
    }),
    { numRuns: 3 },
  );
});

test("headers do not widen what a narrow server offers", async () => {
  const { url } = await served(["--read-only", "--toolsets", "records"]);
  const own = await offered(url, "mcp", {});
  expect(own.length).toBeGreaterThan(0);
  for (const name of own)
    expect(toolOf.get(name)).toMatchObject({ effect: "read", toolset: "records" });
  const wider = { "X-Bigin-Read-Only": "0", "X-Bigin-Toolsets": toolsets.join(", ") };
  for (const way of ways) expect(await offered(url, way, wider)).toEqual(own);
  for (const nonsense of ["perhaps", "true, false", "\xff", "2"]) {
    const headers = { "X-Maton-Api-Key": "sandbox", "X-Bigin-Read-Only": nonsense };
    expect((await post(`${url}/mcp`, initialize("2025-11-25"), headers)).status).toBe(400);
  }
});

test("a session that was opened narrow stays narrow", async () => {
  const { url } = await served([]);
  const key = { "X-Maton-Api-Key": "sandbox" };
  const narrow = { ...key, "X-Bigin-Read-Only": "true", "X-Bigin-Toolsets": "records" };
  const session = { ...key, "Mcp-Session-Id": await openSession(url, narrow) };
  const list = { jsonrpc: "2.0", id: 5, method: "tools/list", params: {} };
  const listed = await post(`${url}/mcp`, list, session);
  expect(listed.body).toContain("bigin_list_records");
  expect(listed.body).not.toMatch(/bigin_create_records|bigin_list_users/);
  const wider = { ...session, "X-Bigin-Toolsets": toolsets.join(",") };
  expect((await post(`${url}/mcp`, list, wider)).status).toBe(400);
  // Empty values, and "false", ask for nothing: the first headers stay in force.
  const empty = { ...session, "X-Bigin-Read-Only": "false", "X-Bigin-Toolsets": "" };
  expect((await post(`${url}/mcp`, list, empty)).body).toBe(listed.body);
});
