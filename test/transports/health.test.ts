import { expect, test, vi } from "vitest";
import type { Readiness } from "../../src/transports/health.ts";
import { send, start, until } from "../support/http.ts";
import { fakeTimers } from "../support/simulated-time.ts";

/** A server whose check of upstream can be replaced. The clock that results are kept by is faked. */
async function serveReady() {
  fakeTimers(["performance"]);
  const upstream = { checks: 0, check: async (): Promise<Readiness> => ({ ready: true }) };
  const ready = () => {
    upstream.checks += 1;
    return upstream.check();
  };
  const { url } = await start({ ready });
  const ask = async () => (await send(`${url}/readyz`)).status;
  return { url, upstream, ask };
}

const away = async (): Promise<Readiness> => ({ ready: false, reason: "Maton is away" });

test("/readyz says why the server is not ready, from one check for all who ask; /healthz makes none", async () => {
  const { url, upstream, ask } = await serveReady();
  upstream.check = away;
  const { status, body } = await send(`${url}/readyz`);
  expect([status, JSON.parse(body)]).toEqual([503, { ready: false, reason: "Maton is away" }]);
  expect(await ask()).toBe(503);
  expect((await send(`${url}/healthz`)).status).toBe(200);
  expect(upstream.checks).toBe(1);
});

test.each([
  ["says no", away, 503],
  ["fails", () => Promise.reject(new Error("a bug")), 500],
])("if the check %s, the result is kept for 2 s; a good one for 15 s", async (_, check, status) => {
  const { upstream, ask } = await serveReady();
  const good = upstream.check;
  upstream.check = check;
  expect([await ask(), await ask()]).toEqual([status, status]);
  upstream.check = good;
  vi.advanceTimersByTime(2_000);
  expect(await ask()).toBe(200);
  upstream.check = check;
  vi.advanceTimersByTime(14_000);
  expect(await ask()).toBe(200);
  expect(upstream.checks).toBe(2);
  vi.advanceTimersByTime(1_000);
  expect(await ask()).toBe(status);
});

test("only one check runs at a time, however long it takes", async () => {
  const { url, upstream, ask } = await serveReady();
  let finish: (ready: Readiness) => void = () => {};
  upstream.check = () =>
    new Promise((resolve) => {
      finish = resolve;
    });
  const first = ask();
  await until(() => upstream.checks === 1);
  vi.advanceTimersByTime(60_000);
  const second = ask();
  // The response to a later request shows that the second one has arrived.
  await send(`${url}/healthz`);
  finish({ ready: true });
  expect([await first, await second]).toEqual([200, 200]);
  expect(upstream.checks).toBe(1);
});
