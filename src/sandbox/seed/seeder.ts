import { derive } from "../derive.ts";
import type { Random } from "../random.ts";
import type { Json } from "../schema.ts";
import type { SandboxStore, StoredRecord } from "../store.ts";
import { blankRecord } from "../writing.ts";
import { RelativeTime } from "./relative-time.ts";

export const dayMs = 86_400_000;

export interface Seeder {
  readonly store: SandboxStore;
  readonly random: Random;
  /** Stores a record with these values, a random owner and times of its own. */
  add(module: string, values: Json, at: SeriesPosition): StoredRecord;
  all(module: string): StoredRecord[];
  /** The record as a lookup value. */
  ref(record: StoredRecord): Json;
}

interface SeriesPosition {
  /** Position in the series, from 0. Records are spread over the last 18 months in this order. */
  readonly nth: number;
  /** Length of the series. */
  readonly of: number;
}

export function createSeeder(store: SandboxStore): Seeder {
  const { random } = store;
  const active = store.users().filter((user) => user.active);

  function ref(record: StoredRecord): Json {
    return { name: store.find(record.id)?.name ?? "", id: record.id };
  }
  return {
    store,
    random,
    ref,
    all: (module) => [...store.records(module).values()],
    add(module, values, { nth, of }) {
      const def = store.modules.get(module);
      if (!def) throw new Error(`The seed names an unknown module: ${module}.`);
      const created = -Math.floor((1 - nth / of) * 540 * dayMs) - random.below(dayMs / 2);
      const modified = new RelativeTime(created + Math.floor(random.next() * -created));
      const owner = { ...store.userReference(random.pick(active).id) };
      const known = Object.fromEntries(
        Object.entries({
          Owner: owner,
          Created_By: owner,
          Modified_By: store.actor(),
          Created_Time: new RelativeTime(created),
          Modified_Time: modified,
          Last_Activity_Time: modified,
          Currency: ["USD", "EUR", "GBP"][nth % 3],
          Exchange_Rate: [1, 0.92, 0.79][nth % 3],
        }).filter(([name]) => def.byName.has(name)),
      );
      const long = Object.entries(values).filter(
        ([name, value]) => def.byName.get(name)?.type === "bigint" && value !== null,
      );
      const texts = Object.fromEntries(long.map(([name, value]) => [name, String(value)]));
      const record = { ...blankRecord(def), ...known, ...values, ...texts, id: store.nextId() };
      const derived = derive(module, record, modified);
      store.put(module, derived, true);
      return derived;
    },
  };
}
