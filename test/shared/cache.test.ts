import { expect, test } from "vitest";
import { createCache } from "../../src/shared/cache.ts";
import { Failure } from "../../src/shared/failure.ts";

const waiting = new AbortController().signal;
const cancelled = new Failure({ origin: "caller", kind: "cancelled", message: "Cancelled." });

test("callers at the same time share one load, and later ones get its value", async () => {
  const cache = createCache<string>();
  let loads = 0;
  const load = async () => {
    loads += 1;
    return `value ${loads}`;
  };
  const both = await Promise.all([cache.get("a", waiting, load), cache.get("a", waiting, load)]);
  expect(both).toEqual(["value 1", "value 1"]);
  expect(await cache.get("a", waiting, load)).toBe("value 1");
  expect(await cache.get("b", waiting, load)).toBe("value 2");
});

test("a failed load and a value that is not worth keeping are loaded again", async () => {
  const cache = createCache<string[]>({ isWorthKeeping: (list) => list.length > 0 });
  const failing = () => Promise.reject(new Error("down"));
  await expect(cache.get("a", waiting, failing)).rejects.toThrow("down");
  expect(await cache.get("a", waiting, async () => [])).toEqual([]);
  expect(await cache.get("a", waiting, async () => ["kept"])).toEqual(["kept"]);
  expect(await cache.get("a", waiting, async () => ["newer"])).toEqual(["kept"]);
});

test("a load that its own caller cancelled is repeated for the others, and fails for those who cancelled", async () => {
  const cache = createCache<string>();
  const stopped = AbortSignal.abort();
  const first = cache.get("a", stopped, () => Promise.reject(cancelled));
  const second = cache.get("a", waiting, async () => "loaded");
  const third = cache.get("a", stopped, async () => "never");
  await expect(first).rejects.toBe(cancelled);
  await expect(third).rejects.toBe(cancelled);
  expect(await second).toBe("loaded");
});

test("only what is old enough is dropped, and only under the prefix", async () => {
  const cache = createCache<string>();
  for (const key of ["c1 a", "c2 a"]) await cache.get(key, waiting, async () => "first");
  expect(cache.forgetOlder("c1 ", 60_000)).toBe(false);
  expect(cache.forgetOlder("c1 ", 0)).toBe(true);
  expect(await cache.get("c1 a", waiting, async () => "second")).toBe("second");
  expect(await cache.get("c2 a", waiting, async () => "second")).toBe("first");
});
