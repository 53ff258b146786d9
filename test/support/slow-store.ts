import { createMemoryStore, type Store } from "../../src/account/store.ts";

/** Turns of the event loop that each method waits before it acts, and again before it returns. */
const turns = 3;

/** A store in memory that is as slow as a file or a server, so that calls at the same time get in each other's way. */
export function createSlowStore(): Store & { calls(): number } {
  const store = createMemoryStore();
  let calls = 0;
  async function slowly<T>(act: () => Promise<T>): Promise<T> {
    calls += 1;
    await someTurns();
    const result = await act();
    await someTurns();
    return result;
  }
  return {
    calls: () => calls,
    area<T>(name: string, bounds: Parameters<Store["area"]>[1]) {
      const area = store.area<T>(name, bounds);
      return {
        get: (key: string) => slowly(() => area.get(key)),
        set: (key: string, value: T, ttlMs?: number) => slowly(() => area.set(key, value, ttlMs)),
        add: (key: string, value: T, ttlMs?: number) => slowly(() => area.add(key, value, ttlMs)),
        delete: (key: string) => slowly(() => area.delete(key)),
        list: (prefix?: string) => slowly(() => area.list(prefix)),
      };
    },
  };
}

async function someTurns(): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
