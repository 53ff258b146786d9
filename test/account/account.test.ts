import fc from "fast-check";
import { expect, test } from "vitest";
import { createLog } from "../../src/logging/log.ts";
import { sessionLinks } from "../../src/logging/redact.ts";
import { createSandbox, type Fault } from "../../src/sandbox/app.ts";
import { openClient, serveCallers, type Way } from "../support/callers.ts";
import { callTool, openSession, post } from "../support/http.ts";
import { idsOf, table } from "../support/replies.ts";
import { keyOf, leaks } from "../support/secrets.ts";
import { recordsIn } from "../support/writes.ts";

type Args = Record<string, unknown>;
const names = ["ada", "bob", "cyd"];
const keys = names.map((name) => keyOf([...name].toReversed().join("").repeat(5)));
/** A text in everything of one account: records, users, field labels. */
const markers = names.map((name) => `only-of-${name}`);
const ways = ["mcp", "modern", "sse"] as const;

/** The sandbox of one account, with the account's marker in its texts. */
function sandboxOf(at: number) {
  const sandbox = createSandbox({ key: keys[at] ?? "", seed: at + 1 });
  for (const record of recordsIn(sandbox, "Contacts"))
    Object.assign(record, { Last_Name: `${markers[at]} ${record["Last_Name"]}` });
  const marked = (body: unknown) =>
    JSON.stringify(body, (name, value) =>
      ["field_label", "full_name"].includes(name) ? `${value} ${markers[at]}` : value,
    );
  /** The ids of the calls that sent a request here. */
  const ids = new Set<string>();
  const fetch = async (request: Request) => {
    ids.add(request.headers.get("x-request-id") ?? "");
    const response = await sandbox.fetch(request);
    const text = await response.text();
    const body = text && marked(JSON.parse(text));
    return new Response(body || null, { status: response.status, headers: response.headers });
  };
  const { addFault, requests, store } = sandbox;
  return { fetch, ids, addFault, requests, store };
}

/** Failures of Maton or Bigin for one account, with messages that only this account may see. */
function faultsOf(who: number): Fault["does"][] {
  const said = `it is ${markers[who]}, ${keys[who]}`;
  const zoho = { code: "INVALID_DATA", message: said, status: "error", details: { id: said } };
  const status = (code: number, body: unknown): Fault["does"] => ({
    kind: "status",
    status: code,
    body,
    headers: { "Retry-After": "90", "X-Trace": said },
  });
  return [
    ...[400, 403, 404, 429].map((code) => status(code, zoho)),
    ...[400, 404, 500].map((code) =>
      status(code, { error: { code, message: said, trace_id: said } }),
    ),
    status(207, { data: [zoho] }),
    status(200, { data: said, fields: said, users: said }),
    status(200, `<html>${said}`),
    { kind: "truncate" },
    { kind: "drop" },
  ];
}

async function serveAll() {
  const sandboxes = keys.map((_, at) => sandboxOf(at));
  const logged: string[] = [];
  const log = createLog("debug", sessionLinks, { write: (line) => void logged.push(line) });
  const answers = new Map(keys.map((key, at) => [key, sandboxes[at]?.fetch ?? fetch]));
  const url = await serveCallers(answers, log, { requestsPerMinute: 1_000_000 });
  return { url, logged, sandboxes };
}

async function open(url: string, key: string, way: Way) {
  const client = await openClient(url, key, way);
  return async (name: string, args: Args, signal?: AbortSignal) => {
    const result = await client.callTool({ name, arguments: args }, signal ? { signal } : {});
    return { text: JSON.stringify(result), reply: (result.structuredContent ?? {}) as Args };
  };
}
type Call = Awaited<ReturnType<typeof open>>;

/** Calls of a caller. `stolen` holds ids and tokens from its own earlier replies, or from those of another caller. */
const actions: Record<string, (who: number, stolen: Args) => [string, Args]> = {
  list: () => ["bigin_list_records", { module: "Contacts", fields: ["Last_Name"], per_page: 20 }],
  next: (_, { page_token }) => [
    "bigin_list_records",
    { module: "Contacts", fields: ["Last_Name"], per_page: 20, page_token },
  ],
  users: () => ["bigin_list_users", {}],
  fields: () => ["bigin_describe_module", { module: "Contacts" }],
  create: (who) => [
    "bigin_create_records",
    {
      module: "Contacts",
      records: [{ Last_Name: `${markers[who]} new` }],
      idempotency_key: "same",
    },
  ],
  remove: (_, { id }) => ["bigin_delete_records", { module: "Contacts", ids: [id ?? "1"] }],
  confirm: (_, { id, confirm_token }) => [
    "bigin_delete_records",
    { module: "Contacts", ids: [id ?? "1"], confirm_token },
  ],
  journal: () => ["bigin_list_writes", {}],
  written: (_, { write_id }) => ["bigin_list_writes", { write_id }],
  undo: (_, { write_id }) => ["bigin_undo_write", { write_id, dry_run: true }],
  wrong: (who) => ["bigin_list_records", { module: `nothing ${markers[who]}` }],
};

/** The ids and tokens in a reply. */
function found(reply: Args): Args {
  const [id] = "results" in reply ? idsOf(reply) : [];
  const more = "columns" in reply ? table(reply).more : undefined;
  const all = { ...reply, ...more, ...(id !== undefined && { id }) };
  const wanted = ["page_token", "confirm_token", "write_id", "id"];
  return Object.fromEntries(Object.entries(all).filter(([name]) => wanted.includes(name)));
}

const step = fc.record({
  who: fc.constantFrom(0, 1, 2),
  way: fc.constantFrom(...ways),
  action: fc.constantFrom(...Object.keys(actions)),
  steal: fc.boolean(),
  cancel: fc.boolean(),
  fault: fc.option(fc.nat(faultsOf(0).length - 1)),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function expectOnly(who: number, text: string) {
  for (const other of [0, 1, 2]) {
    const key = keys[other] ?? "";
    expect(leaks(text, key)).toEqual([]);
    if (other !== who) expect(text).not.toContain(markers[other]);
  }
}

test("simultaneous callers, over every transport, see nothing of each other", async () => {
  const { url, logged, sandboxes } = await serveAll();
  const clients = await Promise.all(
    keys.map((key) => Promise.all(ways.map((way) => open(url, key, way)))),
  );
  const given: Args[] = [{}, {}, {}];
  const own = new Set<number>();
  /** The caller of each call id, from errors that name the id and from upstream requests that carry it. */
  const owners = new Map<string, number>();
  const take = async (one: Step) => {
    const does = one.fault === null ? undefined : faultsOf(one.who)[one.fault];
    if (does) sandboxes[one.who]?.addFault({ does });
    const call = clients[one.who]?.[ways.indexOf(one.way)] as Call;
    const from = one.steal ? (one.who + 1) % 3 : one.who;
    const [name, args] = actions[one.action]?.(one.who, { ...given[from] }) ?? ["", {}];
    const cut = new AbortController();
    const asked = call(name, args, cut.signal).catch((error: Error) => ({
      text: error.message,
      reply: {},
    }));
    if (one.cancel) cut.abort(new Error("cut"));
    const { text, reply } = await asked;
    expectOnly(one.who, text);
    if (text.includes(markers[one.who] ?? "")) own.add(one.who);
    const named = /Call id: ([\da-f]{8})\./.exec(text)?.[1];
    if (named) owners.set(named, one.who);
    Object.assign(given[one.who] ?? {}, found(reply));
  };
  const usual = { way: "mcp", steal: false, cancel: false } as const;
  // The random calls may lack a successful call and one that Bigin rejects.
  for (const who of [0, 1, 2] as const) await take({ ...usual, who, action: "list", fault: null });
  await take({ ...usual, who: 0, action: "list", fault: 0 });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
      await Promise.all(steps.map(take));
    }),
    { numRuns: 15 },
  );
  expect(own.size).toBe(3);
  const all = logged.join("");
  expect(all).toContain('"outcome":"ok"');
  expect(all).toContain('"outcome":"bigin/rejected"');
  for (const key of keys) expect(leaks(all, key)).toEqual([]);
  for (const marker of markers) expect(all).not.toContain(marker);
  expectOwnLines(logged, sandboxes, owners);
  for (const [who, { store }] of sandboxes.entries())
    expectOnly(who, JSON.stringify([...store.records("Contacts").values()]));
});

test("what is learnt about one organisation is not used for another", async () => {
  const { url, sandboxes } = await serveAll();
  for (const key of keys) await (await open(url, key, "mcp"))("bigin_list_modules", {});
  for (const { requests } of sandboxes) {
    const paths = requests.map(({ path }) => path);
    expect(paths.filter((path) => path.endsWith("/settings/modules"))).toHaveLength(1);
    expect(paths.filter((path) => path === "/connections")).toHaveLength(1);
  }
});

/** Each log line of a call contains data of its own caller only. */
function expectOwnLines(
  logged: readonly string[],
  sandboxes: readonly { ids: ReadonlySet<string> }[],
  owners: Map<string, number>,
) {
  sandboxes.forEach(({ ids }, who) => {
    for (const id of ids) {
      // No two callers share a call id.
      expect([id, owners.get(id) ?? who]).toEqual([id, who]);
      owners.set(id, who);
    }
  });
  const lines = logged.map((line) => ({ line, ...(JSON.parse(line) as Args) }) as Args);
  const ofCalls = lines.filter(({ msg }) => msg === "call");
  const known = ofCalls.filter(({ request }) => owners.has(String(request)));
  // The other calls sent no request upstream.
  for (const line of ofCalls)
    if (!known.includes(line)) expect(line).toMatchObject({ upstream: 0 });
  const callers = new Set(known.map(({ request }) => owners.get(String(request))));
  expect(callers.size).toBe(3);
  for (const { line, request, id } of lines) {
    const who = owners.get(String(request ?? id));
    if (who !== undefined) expectOnly(who, String(line));
  }
}

test("ids and tokens of one caller are invalid for another", async () => {
  const { url } = await serveAll();
  const [ada, bob] = await Promise.all(keys.slice(0, 2).map((key) => open(url, key, "mcp")));
  if (!ada || !bob) throw new Error("two clients were not opened");
  const both = (action: string, given: Args = {}) =>
    actions[action]?.(0, given) ?? (["", {}] as const);
  const made = found((await ada(...both("create"))).reply);
  // The same idempotency_key belongs to each caller separately: bob's call creates a record of his own.
  expect((await bob(...both("create"))).reply).toMatchObject({ done: 1 });
  expect((await bob(...both("create"))).reply).toHaveProperty("repeated");
  const listed = found((await ada(...both("list"))).reply);
  expect((await bob(...both("next", listed))).text).toContain("does not belong to this call");
  const asked = { ...made, ...found((await ada(...both("remove", made))).reply) };
  const { text } = await bob(...both("confirm", asked));
  expect(text).toContain('"isError":true');
  expect((await ada(...both("confirm", asked))).reply).toMatchObject({ done: 1 });
  const session = await openSession(url, { "X-Maton-Api-Key": keys[0] ?? "" });
  for (const key of keys.slice(1)) {
    const headers = { "X-Maton-Api-Key": key, "Mcp-Session-Id": session };
    expect((await post(`${url}/mcp`, callTool("bigin_list_users"), headers)).status).toBe(404);
  }
});
