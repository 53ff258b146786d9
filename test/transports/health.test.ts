import { expect, onTestFinished, test, vi } from "vitest";
import type { Readiness } from "../../src/transports/health.ts";
import { send, start, until } from "../support/http.ts";

/** A server whose look at upstream answers as told; only the clock that answers are kept by stands still. */
async function serveReady() {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const upstream = { looks: 0, look: async (): Promise<Readiness> => ({ ready: true }) };
  const ready = () => {
    upstream.looks += 1;
    return upstream.look();
  };
  const { url } = await start({ ready });
  return { url, upstream, ask: () => send(`${url}/readyz`) };
}

const away = async (): Promise<Readiness> => ({ ready: false, reason: "Maton is away" });

test("/readyz looks upstream, once for all who ask; /healthz does not", async () => {
  const { url, upstream, ask } = await serveReady();
  upstream.look = away;
  const answers = [await ask(), await ask()];
  expect(answers.map(({ status }) => status)).toEqual([503, 503]);
  expect(JSON.parse(answers[0]?.body ?? "")).toEqual({ ready: false, reason: "Maton is away" });
  expect(upstream.looks).toBe(1);
  expect((await send(`${url}/healthz`)).status).toBe(200);
});

test.each([
  ["says no", away, 503],
  ["fails", () => Promise.reject(new Error("a bug")), 500],
])("a look that %s is soon out of date, a good one is kept", async (_, look, status) => {
  const { upstream, ask } = await serveReady();
  const ok = upstream.look;
  upstream.look = look;
  expect([(await ask()).status, (await ask()).status]).toEqual([status, status]);
  upstream.look = ok;
  vi.advanceTimersByTime(3_000);
  expect((await ask()).status).toBe(200);
  upstream.look = look;
  vi.advanceTimersByTime(10_000);
  expect((await ask()).status).toBe(200);
  expect(upstream.looks).toBe(2);
  vi.advanceTimersByTime(10_000);
  expect((await ask()).status).toBe(status);
});

test("while a look is under way, nobody begins another, however long it takes", async () => {
  const { url, upstream, ask } = await serveReady();
  let answer: (ready: Readiness) => void = () => {};
  upstream.look = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const first = ask();
  await until(() => upstream.looks === 1);
  vi.advanceTimersByTime(60_000);
  const second = ask();
  // An answer to a later request shows that the second one has been taken in.
  await send(`${url}/healthz`);
  answer({ ready: true });
  expect([(await first).status, (await second).status]).toEqual([200, 200]);
  expect(upstream.looks).toBe(1);
});
