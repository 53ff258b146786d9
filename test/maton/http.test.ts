import { setMaxListeners } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Fault } from "../../src/sandbox/app.ts";
import { connect } from "../support/connect.ts";

const list = { module: "Contacts", per_page: 1 };
const row = { module: "Contacts", records: [{ Last_Name: "Once" }] };
const status = (code: number, body?: unknown, headers?: Record<string, string>): Fault["does"] => ({
  kind: "status",
  status: code,
  ...(body !== undefined && { body }),
  ...(headers && { headers }),
});
const onContacts = (does: Fault["does"], more: Partial<Fault> = {}): Fault => ({
  path: /\/Contacts$/,
  does,
  ...more,
});

/** Connected, with the connection and the organisation known; `requests` counts those for contacts. */
async function warm() {
  const connected = await connect();
  await connected.call("bigin_list_records", list);
  const before = connected.sent.length;
  return {
    ...connected,
    requests: () =>
      connected.sent.slice(before).filter(({ url }) => url.pathname.endsWith("/Contacts")).length,
    store: () => connected.sandbox.store.records("Contacts"),
  };
}

test.each([502, 503, 504, 429])(
  "a read is tried again after %i, and then succeeds",
  async (code) => {
    const { call, sandbox, requests } = await warm();
    sandbox.addFault(onContacts(status(code, "busy"), { times: 2 }));
    expect((await call("bigin_list_records", list))["rows"]).toHaveLength(1);
    expect(requests()).toBe(3);
  },
);

test("a read is tried again after a broken connection", async () => {
  const { call, sandbox, requests } = await warm();
  sandbox.addFault(onContacts({ kind: "reset" }));
  expect((await call("bigin_list_records", list))["rows"]).toHaveLength(1);
  expect(requests()).toBe(2);
});

test("a read gives up after three tries and names the gateway, without showing its page", async () => {
  const { fail, sandbox, requests } = await warm();
  sandbox.addFault(onContacts(status(502, "<html>nginx secret page</html>"), { times: 9 }));
  const told = await fail("bigin_list_records", list);
  expect(told).toMatch(
    /^Maton \(the gateway\) failed: The gateway, or Bigin behind it, is unavailable \(HTTP 502\)\. Asked: GET Contacts\. Next: Try again in a minute\.$/,
  );
  expect(requests()).toBe(3);
});

test.each<[string, Fault["does"], RegExp]>([
  ["502", status(502, "busy"), /unavailable \(HTTP 502\)/],
  ["a 500", status(500, "Internal Server Error"), /grant .* has expired/],
  [
    "a broken connection",
    { kind: "reset" },
    /^The network failed: The connection to the Maton gateway failed/,
  ],
  ["a lost answer", { kind: "lost" }, /^The network failed/],
  ["half an answer", { kind: "truncate" }, /not complete JSON/],
])(
  "an insert is never repeated after %s, and the agent is told to look",
  async (_name, does, sentence) => {
    const { fail, sandbox, requests } = await warm();
    sandbox.addFault(onContacts(does, { method: "POST" }));
    const told = await fail("bigin_create_records", row);
    expect(told).toMatch(sentence);
    expect(told).toContain("may have been carried out all the same");
    expect(requests()).toBe(1);
  },
);

test("a write refused by a 429 was not run, and is repeated", async () => {
  const { call, sandbox, requests, store } = await warm();
  const before = store().size;
  sandbox.addFault(
    onContacts(status(429, { error: { message: "slow down", code: 429 } }), { method: "POST" }),
  );
  await call("bigin_create_records", row);
  expect(requests()).toBe(2);
  expect(store().size).toBe(before + 1);
});

test("a Retry-After beyond the deadline is handed on instead of being slept through", async () => {
  const { fail, sandbox, requests } = await warm();
  const headers = { "Retry-After": "120" };
  sandbox.addFault(
    onContacts(
      status(
        429,
        { code: "TOO_MANY_REQUESTS", details: {}, message: "x", status: "error" },
        headers,
      ),
    ),
  );
  const told = await fail("bigin_list_records", list);
  expect(told).toMatch(/^Bigin refused: .*TOO_MANY_REQUESTS/);
  expect(told).toContain("retry_after_s: 120");
  expect(requests()).toBe(1);
});

test("Retry-After is obeyed inside the deadline", async () => {
  const { call, sandbox, requests } = await warm();
  sandbox.addFault(onContacts(status(429, "later", { "Retry-After": "1" })));
  await call("bigin_list_records", list);
  expect(requests()).toBe(2);
});

test.each<[string, Fault["does"], string[]]>([
  [
    "Maton's 401",
    status(401, { error: { message: "Invalid API key", code: 401 } }),
    ["Maton (the gateway) failed", "MATON_API_KEY"],
  ],
  [
    "Zoho's 401",
    status(401, {
      code: "OAUTH_SCOPE_MISMATCH",
      details: {},
      message: "invalid oauth scope to access this URL",
      status: "error",
    }),
    ["Bigin refused", "OAUTH_SCOPE_MISMATCH", "support@maton.ai"],
  ],
  [
    "Zoho's expired token",
    status(401, {
      code: "INVALID_TOKEN",
      details: {},
      message: "invalid oauth token",
      status: "error",
    }),
    ["Bigin refused", "INVALID_TOKEN", "bigin_create_connection"],
  ],
  [
    "Maton's 500",
    status(500, { error: { message: "boom", code: 500, trace_id: "t-17" } }),
    ["Maton (the gateway) failed", "grant", "bigin_create_connection", "t-17"],
  ],
  [
    "Maton's 400",
    status(400, { error: { message: "No active connection for app", code: 400 } }),
    ["Maton (the gateway) failed", "no usable grant"],
  ],
  [
    "Zoho's 403",
    status(403, {
      code: "NO_PERMISSION",
      details: {},
      message: "permission denied",
      status: "error",
    }),
    ["Bigin refused", "administrator"],
  ],
  [
    "Zoho's 400",
    status(400, {
      code: "INVALID_QUERY",
      details: { reason: "x", api_name: "Foo", secret: { a: 1 } },
      message: "invalid query formed",
      status: "error",
    }),
    ["Bigin refused: invalid query formed (INVALID_QUERY, api_name Foo, reason x)", "GET Contacts"],
  ],
  [
    "plain text labelled JSON",
    status(500, "Internal Server Error", { "Content-Type": "application/json" }),
    ["Maton (the gateway) failed", "grant"],
  ],
  ["a redirect", status(302, "", { Location: "https://evil.example/" }), ["redirect"]],
  ["an HTML page with 200", status(200, "<html></html>"), ["not complete JSON"]],
  ["half a body", { kind: "truncate" }, ["not complete JSON"]],
  [
    "an empty body with 200",
    status(200),
    ["Maton (the gateway) failed: The answer (HTTP 200) is empty"],
  ],
  ["JSON of another shape", status(200, { hello: [] }), ["documented shape"]],
])("%s is told as what it is", async (_name, does, parts) => {
  const { fail, sandbox } = await warm();
  sandbox.addFault(onContacts(does, { times: 9 }));
  const told = await fail("bigin_list_records", list);
  for (const part of parts) expect(told).toContain(part);
});

test.each(["hang", "stall"] as const)(
  "an upstream that goes silent (%s) ends at the deadline",
  async (kind) => {
    const { client, sandbox } = await warm();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      sandbox.addFault(onContacts({ kind }, { times: 9 }));
      const call = client.callTool({ name: "bigin_list_records", arguments: list });
      await vi.advanceTimersByTimeAsync(26_000);
      const { isError, content } = await call;
      expect(isError).toBe(true);
      expect(JSON.stringify(content)).toContain(
        "No complete answer from the Maton gateway within 25 s",
      );
    } finally {
      vi.useRealTimers();
    }
  },
);

test("a cancelled call ends its request", async () => {
  const { client, sandbox, sent, requests } = await warm();
  sandbox.addFault(onContacts({ kind: "hang" }));
  const abort = new AbortController();
  const call = client.callTool(
    { name: "bigin_list_records", arguments: list },
    { signal: abort.signal },
  );
  await vi.waitFor(() => expect(requests()).toBe(1));
  abort.abort("enough");
  await expect(call).rejects.toThrow();
  await vi.waitFor(() => expect(sent.at(-1)?.signal.aborted).toBe(true));
});

test("what is read after a write is never the answer to a read from before it", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const [id = ""] = [...sandbox.store.records("Contacts").keys()];
  for (const Title of ["first", "second", "third"]) {
    const [updated, read] = await Promise.all([
      call("bigin_update_records", { module: "Contacts", records: [{ id, Title }] }),
      call("bigin_get_record", { module: "Contacts", id, fields: ["Title"] }),
    ]);
    expect(JSON.stringify(updated)).not.toContain("altered");
    expect(read).toBeDefined();
  }
});

test("no more than ten requests a second leave for one Maton account", async () => {
  const { call, sandbox, sent } = await connect({ limits: { perSecond: 10, atOnce: 10 } });
  await call("bigin_list_records", list); // loads what takes real time
  const before = sent.length;
  const ids = [...sandbox.store.records("Contacts").keys()].slice(0, 24);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  let done = false;
  const calls = Promise.all(
    ids.map((id) => call("bigin_get_record", { module: "Contacts", id })),
  ).then(() => {
    done = true;
  });
  for (let ms = 0; !done && ms < 10_000; ms += 20) await vi.advanceTimersByTimeAsync(20);
  await calls;
  const times = sent.slice(before).map(({ at }) => at);
  expect(times).toHaveLength(24);
  const gaps = times.slice(10).map((time, at) => time - (times[at] ?? Number.NaN));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(980); // a step is lost between queue and socket
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(4_000);
});

test("no more than ten requests are under way at once over one connection", async () => {
  const { client, sandbox, requests } = await warm();
  sandbox.addFault({ path: /\/Contacts$/, times: 50, does: { kind: "hang" } });
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  const calls = Array.from({ length: 30 }, () =>
    client
      .callTool({ name: "bigin_list_records", arguments: list }, { signal: abort.signal })
      .catch(() => "cancelled"),
  );
  await vi.waitFor(() => expect(requests()).toBe(10));
  await client.listTools();
  expect(requests()).toBe(10);
  abort.abort();
  expect(new Set(await Promise.all(calls))).toEqual(new Set(["cancelled"]));
});
