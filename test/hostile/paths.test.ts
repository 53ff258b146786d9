import { expect, test } from "vitest";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import type { Tool } from "../../src/tool/define.ts";
import { tools } from "../../tools/index.ts";
import { connect } from "../support/connect.ts";
import { everyToolset, examples, filled, idsIn, makeWrite } from "../support/examples.ts";
import { type Reply, record } from "../support/writes.ts";
import { calls } from "./every-call.ts";
import { internals, loadedNames } from "./wild.ts";

type Call = [name: string, args: Reply];

const tricks = [
  "..",
  ".",
  "",
  "../users",
  "..\\users",
  "%2e%2e",
  "%2e%2e%2fusers",
  "%252e%252e",
  "a/b",
  "a?ids=1",
  "a#b",
  "a&ids=1",
  "\\..\\..",
  "x\ny",
  "x\r\nHost: y",
  "x\0",
  "\ud800",
  "//evil.example",
  "@evil.example",
  ";a=b",
  "7618134000000632256/../../users",
  "7618134000000632256?x=1",
  "7618134000000632256,7618134000000632257",
  "https://evil.example/",
  "../../../connections",
  "__proto__",
  "constructor",
  "toString",
];
const gateway = "https://gateway.maton.ai/zoho-bigin/bigin/v2/";
const control = "https://ctrl.maton.ai/connections";
/** The parameters of Bigin and Maton that the client uses. */
const knownQuery =
  "fields page per_page sort_by sort_order page_token cvid ids module type criteria email phone word status app wf_trigger trigger".split(
    " ",
  );

/** Throws unless a request goes to Bigin's API or to Maton's connections, with known parameters only. */
function expectSafe({ url }: { url: URL }) {
  expect([url.href, url.href.startsWith(gateway) || url.href.startsWith(control)]).toEqual([
    url.href,
    true,
  ]);
  const segments = url.pathname.split("/").slice(url.href.startsWith(gateway) ? 4 : 2);
  // GET /{module}/{id}/{related list} is the deepest path.
  expect([url.href, segments.length <= 3]).toEqual([url.href, true]);
  for (const part of segments) {
    expect([url.href, part]).not.toEqual([url.href, ""]);
    expect([url.href, decodeURIComponent(part)]).not.toEqual([url.href, ".."]);
  }
  for (const name of url.searchParams.keys())
    expect([url.href, name, knownQuery]).toEqual([url.href, name, expect.arrayContaining([name])]);
  expect(url.hash).toBe("");
}

const listed = createCatalogue(tools, { readOnly: false, toolsets: everyToolset }).list();

/** The arguments that are texts, by tool: its own, and each of the shared ones with the first tool that takes it. */
function textArguments(): [tool: Tool, argument: string][] {
  const shared = new Set<string>();
  return listed.flatMap(({ name, inputSchema }) => {
    const tool = tools.find((one) => one.name === name);
    const properties = Object.entries((inputSchema["properties"] ?? {}) as Record<string, Reply>);
    return properties.flatMap(([argument, { type }]): [Tool, string][] => {
      if (!tool || type !== "string" || shared.has(argument)) return [];
      if (!Object.hasOwn(tool.input.shape, argument)) shared.add(argument);
      return [[tool, argument]];
    });
  });
}

/** Copies of a value, each with another one of its texts replaced. */
function replacing(value: unknown, trick: string): unknown[] {
  if (typeof value === "string") return [trick];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    replacing(item, trick).map((changed) =>
      Array.isArray(value) ? value.with(Number(name), changed) : { ...value, [name]: changed },
    ),
  );
}

const connected = await connect({ confirm: "destructive", toolsets: everyToolset });
const { id } = record(connected.sandbox, "Contacts");
const write = await makeWrite(connected.call);

/** Every example with the trick in place of one of its texts, and every tool with the trick as one text argument. */
function callsWith(trick: string): Call[] {
  const ids = { ...idsIn(connected.sandbox), write };
  const inExamples = examples.flatMap((example) =>
    replacing(filled(example, ids), trick).map((args): Call => [example.tool.name, args as Reply]),
  );
  const asArguments = textArguments().map(([tool, argument]): Call => {
    const args = filled({ tool, args: tool.examples[0] }, ids);
    return [tool.name, { ...args, [argument]: trick }];
  });
  return [...inExamples, ...asArguments];
}

const specialCallsWith = (trick: string): Call[] => [
  ["bigin_list_records", { module: "Contacts", fields: [trick], sort_by: trick, cvid: trick }],
  ["bigin_search_records", { module: "Contacts", email: trick || "x" }],
  [
    "bigin_create_records",
    { module: "Contacts", records: [{ Last_Name: "x", Account_Name: trick || "x" }] },
  ],
  [
    "bigin_create_records",
    { module: "Notes", records: [{ Note_Content: "x", Parent_Id: trick, $se_module: trick }] },
  ],
  ["bigin_delete_records", { module: "Contacts", ids: [id, trick] }],
];

test.each(tricks)("%j in an argument stays one segment or value, or is not sent", async (trick) => {
  const { client, sandbox, sent } = connected;
  for (const [name, args] of [...callsWith(trick), ...specialCallsWith(trick)]) {
    sent.length = 0;
    const { isError, content } = await client.callTool({ name, arguments: args });
    if (isError) expect(JSON.stringify(content)).not.toMatch(internals);
    for (const request of sent) expectSafe(request);
  }
  expect(sandbox.store.records("Contacts").has(id)).toBe(true);
  expect(sandbox.store.connections().size).toBeGreaterThan(0);
});

/** The same body with a trick in place of every name and id that requests are made of. */
function swapped(value: unknown, trick: string, key = ""): unknown {
  if (typeof value === "string") return ["api_name", "connection_id"].includes(key) ? trick : value;
  if (Array.isArray(value)) return value.map((item) => swapped(item, trick, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, swapped(item, trick, name)]),
  );
}

let given = "";
const altered = await connect({
  toolsets: everyToolset,
  alter: (_, body) => swapped(body, given),
});
const callsByLabel: readonly Call[] = [
  ["bigin_list_records", { module: "Kontakte" }],
  ["bigin_list_records", { module: "Contact" }],
  ["bigin_get_record", { module: "Company", id }],
  ["bigin_list_records", { module: "Contacts", fields: ["Last Name"], sort_by: "Last Name" }],
];
const callsOfTools = tools.map((tool): Call => {
  const ids = { ...idsIn(altered.sandbox), write };
  return [tool.name, filled({ tool, args: tool.examples[0] }, ids)];
});

test.each([...tricks.entries()])(
  "trick %i, %j, as a name or id in a response leads nowhere else",
  async (nth, trick) => {
    given = trick;
    altered.sent.length = 0;
    const { client } = await altered.restart();
    // Every tool meets every fourth trick.
    const some = callsOfTools.filter((_, at) => (at + nth) % 4 === 0);
    for (const [name, args] of [...callsByLabel, ...some]) {
      const { isError, content } = await client.callTool({ name, arguments: args });
      if (isError) expect(JSON.stringify(content), name).not.toMatch(internals);
    }
    for (const request of altered.sent) expectSafe(request);
  },
);

/** The same body with loaded names in every object. */
function loaded(value: unknown, more: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => loaded(item, more));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [name, loaded(item, more)]);
  return Object.fromEntries([...loadedNames.map((name) => [name, more]), ...entries]);
}

test.each<[string, unknown]>([
  ["a text", "polluted"],
  ["an object", { polluted: true, id: "1" }],
  ["null", null],
  ["a list", [1]],
])("names with a meaning in JavaScript, holding %s, are data", async (_, more) => {
  const { client, call, sandbox } = await connect({
    toolsets: everyToolset,
    activateOnLook: 1,
    alter: (_path, body) => (Object.keys(body).length > 0 ? loaded(body, more) : body),
  });
  for (const make of calls) {
    const [name, args] = make(sandbox);
    const { isError, content } = await client
      .callTool({ name, arguments: args })
      .catch((error: Error) => ({ isError: true, content: error.message }));
    if (isError)
      expect([name, args, JSON.stringify(content).match(internals)]).toEqual([name, args, null]);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Reply)["polluted"]).toBeUndefined();
  }
  const { id, Last_Name } = record(sandbox, "Contacts");
  const { record: got } = await call.get("Contacts", id);
  expect(got).toMatchObject({ id, Last_Name });
});
