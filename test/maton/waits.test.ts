import { expect, test } from "vitest";
import { lasting, soon } from "../support/simulated-time.ts";
import { status } from "../support/writes.ts";
import { list, onContacts, row, warm, zoho } from "./warm.ts";

test("a write refused with 429 was not carried out, and is retried", async () => {
  const { call, sandbox, requests, store } = await warm();
  const before = store().size;
  const slow = status(429, { error: { message: "slow down", code: 429 } });
  sandbox.addFault(onContacts(slow, { method: "POST" }));
  await soon(call("bigin_create_records", row));
  expect(requests()).toBe(2);
  expect(store().size).toBe(before + 1);
});

test("a Retry-After beyond the deadline is passed on to the agent", async () => {
  const { failToList, sandbox, requests } = await warm();
  const slow = status(429, zoho("TOO_MANY_REQUESTS"), { "Retry-After": "120" });
  sandbox.addFault(onContacts(slow));
  const { text, outcome } = await failToList();
  expect(outcome).toBe("bigin/rate_limited");
  expect(text).toContain("TOO_MANY_REQUESTS");
  expect(text).toContain("retry_after_s: 120");
  expect(requests()).toBe(1);
});

test("a Retry-After within the deadline is obeyed", async () => {
  const { call, sandbox, requests } = await warm();
  sandbox.addFault(onContacts(status(429, "later", { "Retry-After": "3" })));
  const { ms } = await lasting(call("bigin_list_records", list));
  expect(ms).toBeGreaterThanOrEqual(3_000);
  expect(requests()).toBe(2);
});

const in90s = () => Date.now() + 90_000;
const http = (ms: number) => new Date(ms).toUTCString();

test.each<[name: string, header: () => Record<string, string>]>([
  ["as a number of seconds", () => ({ "X-RATELIMIT-RESET": "90" })],
  ["as milliseconds since 1970", () => ({ "X-RATELIMIT-RESET": String(in90s()) })],
  ["as seconds since 1970", () => ({ "RateLimit-Reset": String(in90s() / 1000) })],
  ["as a date", () => ({ "Retry-After": http(in90s()) })],
  [
    "and a Retry-After that is a time",
    () => ({ "Retry-After": String(Math.ceil(in90s() / 1000)), "X-RateLimit-Reset": "5" }),
  ],
  [
    "after a Retry-After that is no time",
    () => ({ "Retry-After": "in 5 moments", "X-RateLimit-Reset": "90" }),
  ],
])("a 429 that says when its limit is reset, %s, is returned at once", async (_, header) => {
  const { fail, sandbox, requests, last } = await warm();
  const slow = status(429, zoho("TOO_MANY_REQUESTS"), header());
  sandbox.addFault(onContacts(slow, { method: "POST" }));
  const { value: text, ms } = await lasting(fail("bigin_create_records", row));
  expect(await last()).toBe("bigin/rate_limited");
  const [, wait] = /retry_after_s: (\d+)/.exec(text) ?? [];
  expect([90, 91]).toContain(Number(wait));
  expect(text).not.toContain("may have been carried out");
  expect(requests()).toBe(1);
  expect(ms).toBeLessThan(1_000);
});

test.each<Record<string, string>>([
  { "Retry-After": "soon" },
  { "Retry-After": "Infinity" },
  { "Retry-After": "-5" },
  { "X-RateLimit-Reset": "next week" },
  // Another limit was reached than the one that is reset tomorrow.
  { "X-RateLimit-Reset": "80000", "X-RateLimit-Remaining": "4000" },
])("a 429 that does not say how long to wait is retried as usual: %j", async (headers) => {
  const { call, fail, sandbox, requests, last, store } = await warm();
  const before = store().size;
  const slow = status(429, { error: { message: "slow down", code: 429 } }, headers);
  sandbox.addFault(onContacts(slow, { method: "POST", times: 5 }));
  const { value: text, ms } = await lasting(fail("bigin_create_records", row));
  expect(await last()).toBe("maton/rate_limited");
  expect(text).not.toContain("may have been carried out");
  expect(requests()).toBe(3);
  expect(ms).toBeLessThan(2_000);
  await soon(call("bigin_create_records", row));
  expect(store().size).toBe(before + 1);
});

test.each([
  ["a web page", "<html>Error 1015</html>"],
  ["no body", undefined],
])("a 429 with %s is one, and was not carried out", async (_, body) => {
  const { fail, sandbox, last } = await warm();
  const limited = status(429, body, { "Retry-After": "90" });
  sandbox.addFault(onContacts(limited, { method: "POST" }));
  const { value: text } = await lasting(fail("bigin_create_records", row));
  expect(await last()).toBe("maton/rate_limited");
  expect(text).not.toContain("may have been carried out");
});
