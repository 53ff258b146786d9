import { expect, test, vi } from "vitest";
import { createBreakers } from "../../src/maton/circuit-breaker.ts";
import { Failure } from "../../src/shared/failure.ts";
import { connect } from "../support/connect.ts";
import { fakeTimers } from "../support/simulated-time.ts";
import { status } from "../support/writes.ts";

test("a connection that failed five times in a row is paused, then tried again", async () => {
  const { call, fail, sandbox, sent } = await connect();
  await call.list("Contacts", { per_page: 1 });
  sandbox.addFault({
    method: "POST",
    path: /\/Contacts$/,
    times: 5,
    does: status(503, "busy"),
  });
  const create = (number: number) => ({
    module: "Contacts",
    records: [{ Last_Name: `No ${number}` }],
  });
  for (const number of [1, 2, 3, 4, 5]) await fail("bigin_create_records", create(number));
  const before = sent.length;
  const failure = await fail("bigin_create_records", create(6));
  expect(failure).toContain("Nothing was sent.");
  expect(failure).toContain("retry_after_s: 10");
  expect(sent.length).toBe(before);
  fakeTimers(["performance"]);
  // The simulated clock starts at zero.
  vi.advanceTimersByTime(1_000_000);
  expect(await call("bigin_create_records", create(7))).toMatchObject({ done: 1 });
});

test("a request that waits for another one to try the connection ends with its own call", async () => {
  const breakers = createBreakers();
  const { signal } = new AbortController();
  const down = new Failure({ origin: "network", kind: "unreachable", message: "down" });
  const request = { connection: "one", asked: "GET x", signal };
  for (const _ of [1, 2, 3, 4, 5])
    await expect(breakers.run(request, () => Promise.reject(down))).rejects.toBe(down);
  fakeTimers(["performance"]);
  vi.advanceTimersByTime(1_000_000);
  void breakers.run(request, () => new Promise(() => undefined));
  const call = new AbortController();
  const waiting = breakers.run({ ...request, signal: call.signal }, async () => "ended");
  call.abort();
  expect(await waiting).toBe("ended");
});
