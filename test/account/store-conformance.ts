import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Store } from "../../src/account/store.ts";

/** A store under test. */
interface Opened {
  /** An empty store: nothing that another one stored is in it. */
  store: Store;
  /** Lets this many milliseconds pass, by the clock that the store uses. */
  pass(ms: number): Promise<void>;
}

const bounds = { entries: 1000 };
const ttlMs = 1000;
/** Keys that a file system, a query language or JavaScript gives a meaning to. */
const oddKeys = [
  "",
  " ",
  "a b",
  "a/b",
  "../a",
  "a\\b",
  "a:b",
  "a\nb",
  "a\0b",
  "*",
  "a?",
  "[a]",
  "%41",
  "é",
  "💥",

  "__proto__",
  "constructor",
  "toString",
  "A",
  "a",
  "x".repeat(300),
];

/** What every implementation of `Store` must do. `open` is called once per test. */
export function testStore(name: string, open: () => Opened | Promise<Opened>): void {
  describe(name, () => {
    testEntries(open);
    testTimeToLive(open);
    testBounds(open);
    testAreas(open);
  });
}

function testEntries(open: () => Opened | Promise<Opened>): void {
  test("an entry can be stored, replaced and deleted", async () => {
    const area = (await open()).store.area<string>("one", bounds);
    expect(await area.get("key")).toBeUndefined();
    await area.set("key", "first");
    expect(await area.get("key")).toBe("first");
    await area.set("key", "second");
    expect(await area.get("key")).toBe("second");
    expect(await area.list()).toEqual(["second"]);
    await area.delete("key");
    await area.delete("key");
    expect(await area.get("key")).toBeUndefined();
    expect(await area.list()).toEqual([]);
  });

  test("add stores only under a free key", async () => {
    const area = (await open()).store.area<string>("one", bounds);
    expect(await area.add("key", "first")).toBe(true);
    expect(await area.add("key", "second")).toBe(false);
    expect(await area.get("key")).toBe("first");
    await area.set("other", "third");
    expect(await area.add("other", "fourth")).toBe(false);
    expect(await area.get("other")).toBe("third");
    await area.delete("key");
    expect(await area.add("key", "fifth")).toBe(true);
    expect(await area.get("key")).toBe("fifth");
  });

  test("exactly one of many adds at the same time succeeds, and its value is the one stored", async () => {
    const area = (await open()).store.area<number>("one", bounds);
    for (const key of ["a", "b", "c"]) {
      const added = await Promise.all(
        Array.from({ length: 50 }, (_, value) => area.add(key, value)),
      );
      expect(added.filter(Boolean)).toHaveLength(1);
      expect(await area.get(key)).toBe(added.indexOf(true));
    }
  });

  test("list returns the values under a prefix, which is taken literally", async () => {
    const area = (await open()).store.area<string>("one", bounds);
    for (const key of ["a 1", "a 2", "ab 1", "b 1", "* 1", "[ab] 1"]) await area.set(key, key);
    const listed = async (prefix?: string) => (await area.list(prefix)).toSorted();
    expect(await listed("a ")).toEqual(["a 1", "a 2"]);
    expect(await listed("a")).toEqual(["a 1", "a 2", "ab 1"]);
    expect(await listed("*")).toEqual(["* 1"]);
    expect(await listed("[ab]")).toEqual(["[ab] 1"]);
    expect(await listed("c")).toEqual([]);
    expect(await listed("")).toHaveLength(6);
    expect(await listed()).toHaveLength(6);
  });

  test("any text can be a key, and keys are exact", async () => {
    const area = (await open()).store.area<string>("one", bounds);
    for (const key of oddKeys) expect([key, await area.get(key)]).toEqual([key, undefined]);
    for (const key of oddKeys) expect([key, await area.add(key, key)]).toEqual([key, true]);
    for (const key of oddKeys) expect(await area.get(key)).toBe(key);
    expect((await area.list()).toSorted()).toEqual(oddKeys.toSorted());
  });

  test("any JSON value comes back equal", async () => {
    const area = (await open()).store.area<unknown>("one", bounds);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (made) => {
        // JSON has no negative zero.
        const value: unknown = JSON.parse(JSON.stringify(made));
        await area.set("key", value);
        expect(await area.get("key")).toEqual(value);
        expect(await area.list("k")).toEqual([value]);
      }),
      { numRuns: 50 },
    );
  });
}

function testTimeToLive(open: () => Opened | Promise<Opened>): void {
  test("an entry is kept for its time, and for ever without one", async () => {
    const { store, pass } = await open();
    const area = store.area<string>("one", bounds);
    await area.set("short", "short", ttlMs);
    await area.add("added", "added", ttlMs);
    await area.set("for ever", "for ever");
    await pass(ttlMs * 0.8);
    expect(await area.get("short")).toBe("short");
    expect(await area.list()).toHaveLength(3);
    expect(await area.add("added", "other", ttlMs)).toBe(false);
    await pass(ttlMs * 0.4);
    expect(await area.get("short")).toBeUndefined();
    expect(await area.get("added")).toBeUndefined();
    expect(await area.list()).toEqual(["for ever"]);
    expect(await area.add("short", "again", ttlMs)).toBe(true);
    expect(await area.get("short")).toBe("again");
  });

  test("storing again starts a new time, or ends it", async () => {
    const { store, pass } = await open();
    const area = store.area<string>("one", bounds);
    for (const key of ["renewed", "ended", "shortened"]) await area.set(key, key, ttlMs);
    await area.set("ended", "ended");
    await area.set("shortened", "shortened", ttlMs / 4);
    await pass(ttlMs * 0.8);
    await area.set("renewed", "renewed", ttlMs);
    await pass(ttlMs * 0.8);
    expect((await area.list()).toSorted()).toEqual(["ended", "renewed"]);
  });
}

function testBounds(open: () => Opened | Promise<Opened>): void {
  test("beyond the number of entries, those stored longest ago are dropped", async () => {
    const area = (await open()).store.area<string>("one", { entries: 3 });
    for (const key of ["a", "b", "c"]) await area.set(key, key);
    // Reading does not keep an entry, storing does.
    await area.get("b");
    await area.set("a", "a again");
    await area.add("d", "d");
    expect((await area.list()).toSorted()).toEqual(["a again", "c", "d"]);
    expect(await area.get("b")).toBeUndefined();
    // An add that stores nothing drops nothing.
    expect(await area.add("d", "other")).toBe(false);
    expect(await area.list()).toHaveLength(3);
  });

  test("beyond the number of characters, those stored longest ago are dropped", async () => {
    const area = (await open()).store.area<string>("one", { entries: 100, characters: 100 });
    const value = (letter: string) => letter.repeat(28);
    for (const letter of ["a", "b", "c"]) await area.set(letter, value(letter));
    expect(await area.list()).toHaveLength(3);
    await area.set("d", value("d"));
    expect((await area.list()).toSorted()).toEqual([value("b"), value("c"), value("d")]);
  });

  test("an entry larger than the number of characters is kept alone", async () => {
    const area = (await open()).store.area<string>("one", { entries: 100, characters: 100 });
    await area.set("small", "small");
    await area.set("large", "x".repeat(500));
    expect(await area.list()).toEqual(["x".repeat(500)]);
    await area.set("small", "small again");
    expect(await area.list()).toEqual(["small again"]);
  });
}

function testAreas(open: () => Opened | Promise<Opened>): void {
  test("areas do not see each other's entries, and each has its own bounds", async () => {
    const { store } = await open();
    const [one, other] = [
      store.area<string>("one", { entries: 2 }),
      store.area<string>("one more", bounds),
    ];
    await one.set("key", "one");
    for (const key of ["key", "a", "b", "c"]) await other.set(key, "other");
    expect(await one.get("key")).toBe("one");
    expect(await one.list()).toEqual(["one"]);
    await other.delete("key");
    expect(await one.get("key")).toBe("one");
    expect(await other.list()).toHaveLength(3);
    expect(await one.add("a", "one")).toBe(true);
  });

  test("the same name means the same entries", async () => {
    const { store } = await open();
    const [one, same] = [store.area<string>("one", bounds), store.area<string>("one", bounds)];
    await one.set("key", "value");
    expect(await same.get("key")).toBe("value");
    expect(await same.add("key", "other")).toBe(false);
    await same.delete("key");
    expect(await one.list()).toEqual([]);
  });

  test("stores do not see each other's entries", async () => {
    const [{ store: one }, { store: other }] = [await open(), await open()];
    await one.area<string>("one", bounds).set("key", "value");
    expect(await other.area<string>("one", bounds).list()).toEqual([]);
  });
}
