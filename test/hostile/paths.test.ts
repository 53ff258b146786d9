import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { type Reply, record } from "../support/writes.ts";
import { calls, idsIn } from "./every-call.ts";
import { internals, loadedNames } from "./wild.ts";

const tricks = [
  ...[
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
  ],
  ...[
    "a&ids=1",
    "\\..\\..",
    "x\ny",
    "x\r\nHost: y",
    "x\0",
    "\ud800",
    "//evil.example",
    "@evil.example",
    ";a=b",
  ],
  ...[
    "7618134000000632256/../../users",
    "7618134000000632256?x=1",
    "7618134000000632256,7618134000000632257",
  ],
  ...["https://evil.example/", "../../../connections", "__proto__", "constructor", "toString"],
];
const gateway = "https://gateway.maton.ai/zoho-bigin/bigin/v2/";
const control = "https://ctrl.maton.ai/connections";
const knownQuery = new Set(
  "fields page per_page sort_by sort_order page_token cvid ids module type criteria email phone word status app wf_trigger trigger".split(
    " ",
  ),
);

/** Segments that lead anywhere but deeper into Bigin's own API are somebody else's. */
function expectSafe({ url }: { url: URL }) {
  expect([url.href, url.href.startsWith(gateway) || url.href.startsWith(control)]).toEqual([
    url.href,
    true,
  ]);
  const segments = url.pathname.split("/").slice(url.href.startsWith(gateway) ? 4 : 2);
  // GET /{module}/{id}/{related list} is the deepest there is.
  expect([url.href, segments.length <= 3]).toEqual([url.href, true]);
  for (const part of segments) {
    expect([url.href, part]).not.toEqual([url.href, ""]);
    expect([url.href, decodeURIComponent(part)]).not.toEqual([url.href, ".."]);
  }
  for (const name of url.searchParams.keys())
    expect([url.href, name, knownQuery.has(name)]).toEqual([url.href, name, true]);
  expect(url.hash).toBe("");
}

test.each(tricks)(
  "%j as an argument reaches upstream as one segment or one value, or not at all",
  async (trick) => {
    const { client, sandbox, sent } = await connect();
    const { id } = record(sandbox, "Contacts");
    const asked: [string, Reply][] = [
      ["bigin_list_records", { module: trick }],
      ["bigin_list_records", { module: "Contacts", fields: [trick], sort_by: trick, cvid: trick }],
      ["bigin_list_records", { module: "Contacts", page_token: trick }],
      ["bigin_get_record", { module: "Contacts", id: trick }],
      ["bigin_get_record", { module: trick, id }],
      ["bigin_list_related_records", { module: "Contacts", id: trick, related_list: "notes" }],
      ["bigin_list_related_records", { module: "Contacts", id, related_list: trick }],
      ["bigin_search_records", { module: "Contacts", word: trick || "x" }],
      ["bigin_search_records", { module: "Contacts", email: trick || "x" }],
      [
        "bigin_search_records",
        { module: "Contacts", filters: [{ field: "Last_Name", op: "equals", value: trick }] },
      ],
      ["bigin_describe_module", { module: trick }],
      ["bigin_describe_module", { module: "Contacts", field: trick }],
      ["bigin_update_records", { module: "Contacts", records: [{ id: trick, Title: "x" }] }],
      [
        "bigin_create_records",
        { module: "Contacts", records: [{ Last_Name: "x", Account_Name: trick || "x" }] },
      ],
      [
        "bigin_create_records",
        { module: "Notes", records: [{ Note_Content: "x", Parent_Id: trick, $se_module: trick }] },
      ],
      ["bigin_delete_records", { module: "Contacts", ids: [id, trick] }],
      ["bigin_delete_records", { module: trick, ids: [id] }],
      ["bigin_list_users", { connection_id: trick }],
      ["bigin_get_connection", { connection_id: trick }],
      ["bigin_delete_connection", { connection_id: trick }],
      ["bigin_undo_write", { write_id: trick }],
    ];
    for (const [name, args] of asked) {
      const before = sent.length;
      const { isError, content } = await client.callTool({ name, arguments: args });
      if (isError) expect(JSON.stringify(content)).not.toMatch(internals);
      for (const request of sent.slice(before)) expectSafe(request);
    }
    expect(sandbox.store.records("Contacts").has(id)).toBe(true);
    expect(sandbox.store.connections().size).toBeGreaterThan(0);
  },
);

test.each(tricks)("%j as a name or id of upstream's own leads nowhere else", async (trick) => {
  const swapped = (value: unknown, key = ""): unknown => {
    if (typeof value === "string")
      return ["api_name", "connection_id"].includes(key) ? trick : value;
    if (Array.isArray(value)) return value.map((item) => swapped(item, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, swapped(item, name)]),
    );
  };
  const { client, sandbox, sent } = await connect({ alter: (_, body) => swapped(body) });
  const { id } = record(sandbox, "Contacts");
  for (const [name, args] of [
    ["bigin_list_records", { module: "Kontakte" }],
    ["bigin_list_records", { module: "Contact" }],
    ["bigin_get_record", { module: "Company", id }],
    ["bigin_list_related_records", { module: "Contacts", id, related_list: "notes" }],
    ["bigin_list_records", { module: "Contacts", fields: ["Last Name"], sort_by: "Last Name" }],
    ["bigin_describe_module", { module: "Contact" }],
    ["bigin_list_connections", {}],
    ["bigin_create_connection", {}],
  ] satisfies [string, Reply][]) {
    const { isError, content } = await client.callTool({ name, arguments: args });
    if (isError) expect(JSON.stringify(content), name).not.toMatch(internals);
  }
  for (const request of sent) expectSafe(request);
});

/** The same body with loaded names in each of its objects. */
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
])(
  "names that JavaScript gives a meaning to, holding %s, at every depth of upstream's bodies",
  async (_, more) => {
    const { client, call, sandbox } = await connect({
      ...{ confirm: "none", activateOnLook: 1 },
      alter: (_path, body) => (Object.keys(body).length > 0 ? loaded(body, more) : body),
    });
    for (const make of calls) {
      const [name, args] = make(idsIn(sandbox));
      const { isError, content } = await client
        .callTool({ name, arguments: args })
        .catch((error: Error) => ({ isError: true, content: error.message }));
      if (isError)
        expect([name, args, JSON.stringify(content).match(internals)]).toEqual([name, args, null]);
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(({} as Reply)["polluted"]).toBeUndefined();
    }
    const { id, Last_Name } = record(sandbox, "Contacts");
    const { record: got } = await call("bigin_get_record", { module: "Contacts", id });
    expect(got).toMatchObject({ id, Last_Name });
  },
);
