import { LRUCache } from "lru-cache";
import { createRandom } from "../random.ts";
import { type ConnectionKeys, createConnection, createKeys } from "../routes/connections.ts";
import type { Backend } from "../routing.ts";
import { isObject, type ModuleDef } from "../schema.ts";
import { type ConnectionStatus, SandboxStore, type SeedData, type StoredRecord } from "../store.ts";
import type { Contract } from "../switches.ts";
import { seedCompany } from "./company.ts";
import { users } from "./people.ts";
import { resolveTime } from "./relative-time.ts";
import { modulesOf } from "./variants.ts";

const dayMs = 86_400_000;
const firstRecordId = 632_001;

const seededConnections: readonly { status: ConnectionStatus; ageMs: number }[] = [
  { status: "ACTIVE", ageMs: 200 * dayMs },
  { status: "PENDING", ageMs: dayMs },
  { status: "FAILED", ageMs: 30 * dayMs },
];

export interface OrganisationOptions {
  seed?: number;
  renamed?: boolean;
  extraFields?: number;
  contract?: Contract;
  currencies?: boolean;
}

/** Shared by all sandboxes with equal options, and therefore immutable. */
export interface Organisation {
  readonly modules: ReadonlyMap<string, ModuleDef>;
  readonly data: SeedData;
  /** In the order of `seededConnections`. */
  readonly connectionKeys: readonly ConnectionKeys[];
}

/** Building an organisation takes some 20 ms, and tests create hundreds of sandboxes. */
const organisations = new LRUCache<string, Organisation>({ max: 8 });

export function organisationOf(options: OrganisationOptions): Organisation {
  const { seed = 1, renamed = false, extraFields = 0, contract = "documented" } = options;
  const { currencies = false } = options;
  const key = JSON.stringify([seed, renamed, extraFields, contract, currencies]);
  const known = organisations.get(key);
  if (known) return known;
  const modules = new Map(
    modulesOf({ renamed, extraFields, contract, currencies }).map((module) => [
      module.api_name,
      module,
    ]),
  );
  const random = createRandom(seed);
  const connectionKeys = seededConnections.map(() => createKeys(random));
  const organisation = {
    modules,
    connectionKeys,
    data: buildData(modules, contract, random.state()),
  };
  organisations.set(key, organisation);
  return organisation;
}

/** Resets the store to the seeded data, with one ACTIVE, one PENDING and one FAILED connection. */
export function seedStore(backend: Backend, { connectionKeys }: Organisation): void {
  const { store } = backend;
  store.reset();
  for (const [at, { status, ageMs }] of seededConnections.entries())
    createConnection(backend, status, store.now() - ageMs, connectionKeys[at]);
}

/** The company's data, generated with relative times. */
function buildData(
  modules: ReadonlyMap<string, ModuleDef>,
  contract: Contract,
  randomState: number,
): SeedData {
  const blank: SeedData = {
    users,
    links: new Map(),
    lastId: firstRecordId,
    randomState,
    recordsOf: () => [],
  };
  const store = new SandboxStore({
    clock: () => 0,
    searchLagMs: 0,
    modules,
    contract,
    seed: blank,
  });
  seedCompany(store);
  const templates = new Map<string, readonly StoredRecord[]>();
  for (const module of modules.keys())
    templates.set(module, [...store.records(module).values()].map(freezeValues));
  return {
    users,
    links: store.links(),
    lastId: store.lastId,
    randomState: store.random.state(),
    recordsOf(module, now) {
      const times = timeFields(modules.get(module));
      return (templates.get(module) ?? []).map((template) => instantiate(template, times, now));
    },
  };
}

function timeFields(def: ModuleDef | undefined): string[] {
  const fields = def?.fields ?? [];
  return fields
    .filter(({ type }) => type === "date" || type === "datetime")
    .map((field) => field.api_name);
}

function instantiate(template: StoredRecord, times: readonly string[], now: number): StoredRecord {
  const record = { ...template };
  for (const name of times) record[name] = resolveTime(template[name], now);
  return record;
}

/** Records of all sandboxes share their lookups and lists: a change of one must fail, not spread. */
function freezeValues(record: StoredRecord): StoredRecord {
  for (const value of Object.values(record)) deepFreeze(value);
  return record;
}

function deepFreeze(value: unknown): void {
  if (!Array.isArray(value) && !isObject(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
