import { onTestFinished, vi } from "vitest";
import { createMemoryStore } from "../../src/account/store.ts";
import { testStore } from "./store-conformance.ts";

testStore("memory", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  // lru-cache took hold of `performance` when it was loaded, so replacing the object would not reach it.
  let now = performance.now();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  onTestFinished(() => {
    clock.mockRestore();
    vi.useRealTimers();
  });
  return {
    store: createMemoryStore(),
    async pass(ms) {
      now += ms;
      await vi.advanceTimersByTimeAsync(ms);
    },
  };
});
