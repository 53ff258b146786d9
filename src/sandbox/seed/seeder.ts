import { derive } from "../derive.ts";
import type { Random } from "../random.ts";
import type { Json } from "../schema.ts";
import type { SandboxStore, StoredRecord } from "../store.ts";
import { stamp } from "../time.ts";
import { blank } from "../writing.ts";

export const DAY_MS = 86_400_000;

export interface Seeder {
  readonly store: SandboxStore;
  readonly random: Random;
  readonly now: number;
  add(module: string, values: Json, at: Created): StoredRecord;
  all(module: string): StoredRecord[];
  ref(record: StoredRecord): Json;
  owner(): Json;
}

interface Created {
  /** Position and length of the series: records are made in order over the last 18 months. */
  readonly nth: number;
  readonly of: number;
}

export function createSeeder(store: SandboxStore): Seeder {
  const { random } = store;
  const now = store.now();
  const active = store.users().filter((user) => user.active);
  const ref = (record: StoredRecord): Json => {
    const found = store.find(record.id);
    return { name: found?.name ?? "", id: record.id };
  };
  const owner = (): Json => ({ ...store.userReference(random.pick(active).id) });
  return {
    store,
    random,
    now,
    ref,
    owner,
    all: (module) => [...store.records(module).values()],
    add(module, values, { nth, of }) {
      const def = store.modules.get(module);
      if (!def) throw new Error(`no module ${module} to seed`);
      const created = now - Math.floor((1 - nth / of) * 540 * DAY_MS) - random.below(DAY_MS / 2);
      const modified = created + Math.floor(random.next() * (now - created));
      const who = owner();
      const known = Object.fromEntries(
        Object.entries({
          Owner: who,
          Created_By: who,
          Modified_By: store.actor(),
          Created_Time: stamp(created),
          Modified_Time: stamp(modified),
          Last_Activity_Time: stamp(modified),
        }).filter(([name]) => def.byName.has(name)),
      );
      const record = { ...blank(def), ...known, ...values, id: store.nextId() };
      const derived = derive(module, record, stamp(modified));
      store.put(module, derived, true);
      return derived;
    },
  };
}
