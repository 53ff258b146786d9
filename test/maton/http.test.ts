import { expect, test, vi } from "vitest";
import type { Fault } from "../../src/sandbox/app.ts";
import { connect } from "../support/connect.ts";
import { lasting, soon } from "../support/simulated-time.ts";
import { status } from "../support/writes.ts";
import { list, onContacts, row, warm, zoho } from "./warm.ts";

test.each([408, 502, 503, 504, 429])(
  "a read is retried after %i, and then succeeds",
  async (code) => {
    const { list, sandbox, requests } = await warm();
    sandbox.addFault(onContacts(status(code, "busy"), { times: 2 }));
    expect((await list())["rows"]).toHaveLength(1);
    expect(requests()).toBe(3);
  },
);

test("a read is retried after a broken connection", async () => {
  const { list, sandbox, requests } = await warm();
  sandbox.addFault(onContacts({ kind: "reset" }));
  expect((await list())["rows"]).toHaveLength(1);
  expect(requests()).toBe(2);
});

test("a read gives up after three attempts and names the gateway, without showing its page", async () => {
  const { failToList, sandbox, requests } = await warm();
  sandbox.addFault(onContacts(status(502, "<html>nginx secret page</html>"), { times: 9 }));
  const { text, outcome } = await failToList();
  expect(outcome).toBe("maton/unavailable");
  expect(text).toMatch(/HTTP 502.*GET Contacts.*Try again/);
  expect(text).not.toContain("nginx");
  expect(requests()).toBe(3);
});

test.each<[string, Fault["does"], string]>([
  ["502", status(502, "busy"), "maton/unavailable"],
  ["a 500", status(500, "Internal Server Error"), "maton/unavailable"],
  ["a broken connection", { kind: "reset" }, "network/unreachable"],
  ["a lost response", { kind: "lost" }, "network/unreachable"],
  ["half a response", { kind: "truncate" }, "maton/malformed"],
])("an insert is never retried after %s", async (_, does, outcome) => {
  const { fail, sandbox, requests, last } = await warm();
  sandbox.addFault(onContacts(does, { method: "POST" }));
  const text = await soon(fail("bigin_create_records", row));
  expect(await last()).toBe(outcome);
  expect(text).toContain("may have been carried out");
  expect(requests()).toBe(1);
});

test.each<[string, Fault["does"], boolean]>([
  ["408", status(408, "<html>timed out</html>"), true],
  ["504", status(504, "", { "Retry-After": "3" }), true],
  ["503", status(503, zoho("SERVICE_UNAVAILABLE"), { "Retry-After": "3" }), true],
  ["a page with 200", status(200, "<html>Sign in</html>"), true],
  ["an error of Maton's that says 500", status(400, { error: { code: 500 } }), true],
  ["403 from a firewall", status(403, "Blocked"), false],
  ["511", status(511, "<html>Sign in</html>"), false],
  ["a redirect", status(307, {}, { Location: "https://evil.example/" }), false],
  ["304", status(304, undefined), false],
  ["an error of Maton's that says 429", status(502, { error: { code: 429 } }), false],
])(
  "a write that meets %s is not sent again, and in doubt only if it may be done",
  async (_, does, isInDoubt) => {
    const { fail, sandbox, requests } = await warm();
    sandbox.addFault(onContacts(does, { method: "POST" }));
    const { value: text, ms } = await lasting(fail("bigin_create_records", row));
    expect(text.includes("may have been carried out")).toBe(isInDoubt);
    expect(requests()).toBe(1);
    expect(ms).toBeLessThan(1_000);
  },
);

const matonError = (code: number, message: string, more: object = {}) =>
  status(code, { error: { message, code, ...more } });

const reports: readonly [name: string, does: Fault["does"], outcome: string, parts: string[]][] = [
  ["Maton's 401", matonError(401, "Invalid key"), "maton/key_refused", ["MATON_API_KEY"]],
  [
    "Zoho's 401",
    status(401, zoho("OAUTH_SCOPE_MISMATCH")),
    "bigin/scope_missing",
    ["OAUTH_SCOPE_MISMATCH", "support@maton.ai"],
  ],
  [
    "Zoho's expired token",
    status(401, zoho("INVALID_TOKEN")),
    "bigin/grant_expired",
    ["INVALID_TOKEN", "bigin_create_connection"],
  ],
  [
    "Maton's 500",
    matonError(500, "boom", { trace_id: "t-17" }),
    "maton/grant_expired",
    ["bigin_create_connection", "t-17"],
  ],
  [
    "Maton's 400",
    matonError(400, "No active connection for app"),
    "maton/connection_unusable",
    ["bigin_list_connections"],
  ],
  ["Zoho's 403", status(403, zoho("NO_PERMISSION")), "bigin/not_permitted", ["administrator"]],
  [
    "Zoho's 400",
    status(400, zoho("INVALID_QUERY", { reason: "x", api_name: "Foo", secret: { a: 1 } })),
    "bigin/rejected",
    ["zoho's words (INVALID_QUERY, api_name Foo, reason x)", "GET Contacts"],
  ],
  [
    "plain text labelled JSON",
    status(500, "Internal Server Error", { "Content-Type": "application/json" }),
    "maton/grant_expired",
    [],
  ],
  [
    "a redirect",
    status(302, "", { Location: "https://evil.example/" }),
    "network/unreachable",
    ["redirect"],
  ],
  ["an HTML page with 200", status(200, "<html></html>"), "network/unreachable", ["HTTP 200"]],
  ["an HTML page with 403", status(403, "<html></html>"), "network/unreachable", ["firewall"]],
  ["a text with 403", status(403, "Access denied"), "network/unreachable", ["firewall"]],
  ["a text with 401", status(401, "Who are you?"), "network/unreachable", ["firewall"]],
  ["a text with 407", status(407, "Who are you?"), "network/unreachable", ["firewall"]],
  [
    "an empty page with 403",
    status(403, "", { "Content-Type": "text/html" }),
    "network/unreachable",
    ["firewall"],
  ],
  [
    "half a refusal",
    status(403, '{"code":"NO_PERM', { "Content-Type": "application/json" }),
    "maton/malformed",
    ["HTTP 403"],
  ],
  [
    "a refusal in plain text labelled JSON",
    status(401, "Unauthorized", { "Content-Type": "application/json" }),
    "maton/key_refused",
    [],
  ],
  ["a refusal that says nothing", status(401, undefined), "maton/key_refused", []],
  [
    "a page that begins with a script",
    status(200, "<script>login()</script>"),
    "network/unreachable",
    ["HTTP 200"],
  ],
  ["a redirect with JSON", status(307, { ok: true }), "network/unreachable", ["redirect"]],
  ["a sign-in that is required", status(511, "Sign in"), "network/unreachable", ["HTTP 511"]],
  ["304, which nobody asked for", status(304, undefined), "maton/malformed", ["HTTP 304"]],
  ["half a body", { kind: "truncate" }, "maton/malformed", ["HTTP 200"]],
  ["an empty body with 200", status(200, ""), "maton/malformed", ["HTTP 200", "empty"]],
  ["JSON of another shape", status(200, { hello: [] }), "bigin/malformed", []],
];

test("each kind of failure is reported as what it is", async () => {
  const { failToList, list, sandbox } = await warm();
  for (const [name, does, kind, parts] of reports) {
    // A read is tried once more after a 500.
    const times = does.kind === "status" && does.status === 500 ? 2 : 1;
    sandbox.addFault(onContacts(does, { times }));
    const { text, outcome } = await failToList();
    expect.soft(outcome, name).toBe(kind);
    for (const part of parts) expect.soft(text, name).toContain(part);
    // Failures in a row would pause the connection.
    await list();
  }
});

test.each(["hang", "stall"] as const)(
  "a silent upstream (%s) ends at the deadline",
  async (kind) => {
    const { fail, sandbox, last } = await warm();
    sandbox.addFault(onContacts({ kind }, { times: 9 }));
    const { value, ms } = await lasting(fail("bigin_list_records", list));
    expect(await last()).toBe("network/timed_out");
    expect(value).toContain("25 s");
    expect(ms).toBe(25_000);
  },
);

test("a cancelled call ends its request", async () => {
  const { client, sandbox, sent, requests } = await warm();
  vi.useRealTimers();
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

test("a read that starts after a write has ended sees what was written", async () => {
  const { call, sandbox } = await connect();
  const [id = ""] = sandbox.store.records("Contacts").keys();
  const read = () => call.get("Contacts", id, { fields: ["Title"] });
  for (const Title of ["first", "second", "third"]) {
    const early = read();
    const updated = await call.update("Contacts", [{ id, Title }]);
    expect(JSON.stringify(updated)).not.toContain("altered");
    expect(await read()).toMatchObject({ record: { Title } });
    await early;
  }
});
