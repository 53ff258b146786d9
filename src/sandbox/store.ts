import { createRandom, type Random } from "./random.ts";
import { asText, idOf, isObject, type Json, type ModuleDef, orgId } from "./schema.ts";
import { stamp } from "./time.ts";

export type StoredRecord = { id: string } & Record<string, unknown>;

export type ConnectionStatus = "ACTIVE" | "PENDING" | "FAILED";

export interface StoredConnection {
  connection_id: string;
  status: ConnectionStatus;
  creation_time: string;
  last_updated_time: string;
  url: string;
  app: string;
  method: string;
  metadata: Record<string, unknown>;
}

export interface User {
  id: string;
  first_name: string;
  last_name: string;
  email: string;
  active: boolean;
  admin: boolean;
}

export interface DeletedRecord {
  id: string;
  display_name: string;
  deleted_time: string;
  deleted_by: Json;
  created_by: Json;
  type: "recycle";
}

export interface Tag {
  id: string;
  name: string;
  color_code: string | null;
}

export interface Store {
  /** Live records by id, in insertion order; values as a GET returns them. */
  records(module: string): ReadonlyMap<string, StoredRecord>;
  connections(): ReadonlyMap<string, StoredConnection>;
  deleted(module: string): readonly DeletedRecord[];
  users(): readonly User[];
}

interface State {
  tables: Map<string, Map<string, StoredRecord>>;
  /** What /search sees: the tables as they were `searchLagMs` ago. */
  index: Map<string, Map<string, StoredRecord>>;
  queue: { due: number; module: string; id: string; record: StoredRecord | undefined }[];
  deleted: Map<string, DeletedRecord[]>;
  links: Map<string, Set<string>>;
  tags: Map<string, Tag[]>;
  connections: Map<string, StoredConnection>;
}

const emptyState = (): State => ({
  tables: new Map(),
  index: new Map(),
  queue: [],
  deleted: new Map(),
  links: new Map(),
  tags: new Map(),
  connections: new Map(),
});

const tableOf = <T>(tables: Map<string, Map<string, T>>, name: string): Map<string, T> => {
  const known = tables.get(name);
  if (known) return known;
  const fresh = new Map<string, T>();
  tables.set(name, fresh);
  return fresh;
};

/** Records are replaced, never changed in place, so a shallow copy of the maps is a snapshot. */
const copy = (state: State): State => ({
  tables: new Map([...state.tables].map(([name, table]) => [name, new Map(table)])),
  index: new Map([...state.index].map(([name, table]) => [name, new Map(table)])),
  queue: [...state.queue],
  deleted: new Map([...state.deleted].map(([name, list]) => [name, [...list]])),
  links: new Map([...state.links].map(([name, ids]) => [name, new Set(ids)])),
  tags: new Map([...state.tags].map(([name, list]) => [name, [...list]])),
  connections: new Map(state.connections),
});

export interface StoreOptions {
  seed: number;
  clock: () => number;
  searchLagMs: number;
  modules: readonly ModuleDef[];
}

const FIRST_RECORD = 632_001;

/** Everything the sandbox remembers. Rules live in the routes; this only keeps and finds. */
export class SandboxStore implements Store {
  readonly modules: ReadonlyMap<string, ModuleDef>;
  random: Random;
  readonly #options: StoreOptions;
  #state = emptyState();
  #users: readonly User[] = [];
  #lastId = FIRST_RECORD;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.random = createRandom(options.seed);
    this.modules = new Map(options.modules.map((module) => [module.api_name, module]));
  }

  clear(users: readonly User[]): void {
    this.#state = emptyState();
    this.#users = users;
    this.#lastId = FIRST_RECORD;
    this.random = createRandom(this.#options.seed);
  }

  snapshot(): () => void {
    const before = copy(this.#state);
    return () => {
      this.#state = before;
    };
  }

  now(): number {
    return this.#options.clock();
  }

  stamp(): string {
    return stamp(this.now());
  }

  nextId(): string {
    this.#lastId += 1;
    return orgId(this.#lastId);
  }

  records(module: string): ReadonlyMap<string, StoredRecord> {
    return tableOf(this.#state.tables, module);
  }

  /** Seeding passes `immediately`: a company that was there before is in the index already. */
  put(module: string, record: StoredRecord, immediately = false): void {
    tableOf(this.#state.tables, module).set(record.id, record);
    this.#indexLater(module, record.id, record, immediately);
  }

  remove(module: string, record: StoredRecord, displayName: string): void {
    tableOf(this.#state.tables, module).delete(record.id);
    this.#indexLater(module, record.id, undefined, false);
    const { id, name } = this.actor();
    const maker = record["Created_By"];
    const bin = this.#state.deleted.get(module) ?? [];
    bin.push({
      id: record.id,
      display_name: displayName,
      deleted_time: this.stamp(),
      deleted_by: { name, id },
      created_by: isObject(maker) ? { name: maker["name"], id: maker["id"] } : { name, id },
      type: "recycle",
    });
    this.#state.deleted.set(module, bin);
  }

  indexed(module: string): ReadonlyMap<string, StoredRecord> {
    const now = this.now();
    const waiting: State["queue"] = [];
    for (const entry of this.#state.queue) {
      if (entry.due > now) waiting.push(entry);
      else this.#toIndex(entry.module, entry.id, entry.record);
    }
    this.#state.queue = waiting;
    return tableOf(this.#state.index, module);
  }

  deleted(module: string): readonly DeletedRecord[] {
    return this.#state.deleted.get(module) ?? [];
  }

  users(): readonly User[] {
    return this.#users;
  }

  /** The user whose grant the connection holds: the first administrator. */
  actor(): { name: string; id: string; email: string } {
    const user = this.#users.find((entry) => entry.admin);
    return this.userReference(user?.id ?? "") ?? { name: "", id: "", email: "" };
  }

  userReference(id: string): { name: string; id: string; email: string } | undefined {
    const user = this.#users.find((entry) => entry.id === id);
    if (!user) return undefined;
    return { name: `${user.first_name} ${user.last_name}`, id: user.id, email: user.email };
  }

  /** Undirected links between two records, as between a contact and a product. */
  linked(id: string): ReadonlySet<string> {
    return this.#state.links.get(id) ?? new Set();
  }

  link(one: string, other: string): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] satisfies [string, string][]) {
      this.#state.links.set(from, new Set([...this.linked(from), to]));
    }
  }

  unlink(one: string, other: string): void {
    this.#state.links.get(one)?.delete(other);
    this.#state.links.get(other)?.delete(one);
  }

  /** A tag named in a record is created when it does not exist yet. */
  tag(module: string, name: string): Tag {
    const list = this.#state.tags.get(module) ?? [];
    const known = list.find((tag) => tag.name.toLowerCase() === name.toLowerCase());
    if (known) return known;
    const fresh: Tag = { id: this.nextId(), name, color_code: null };
    this.#state.tags.set(module, [...list, fresh]);
    return fresh;
  }

  /** Name of the record a lookup points at, whatever its module. */
  find(id: string, modules: Iterable<string> = this.modules.keys()): FoundRecord | undefined {
    for (const module of modules) {
      const record = this.records(module).get(id);
      if (record) return { module, record, name: this.nameOf(module, record) };
    }
    return undefined;
  }

  nameOf(module: string, record: StoredRecord): string {
    const value = record[this.modules.get(module)?.display ?? "id"];
    return typeof value === "string" ? value : asText(idOf(value));
  }

  connections(): ReadonlyMap<string, StoredConnection> {
    return this.#state.connections;
  }

  putConnection(connection: StoredConnection): void {
    this.#state.connections.set(connection.connection_id, connection);
  }

  removeConnection(id: string): boolean {
    return this.#state.connections.delete(id);
  }

  #indexLater(
    module: string,
    id: string,
    record: StoredRecord | undefined,
    immediately: boolean,
  ): void {
    const lag = immediately ? 0 : this.#options.searchLagMs;
    if (lag === 0) this.#toIndex(module, id, record);
    else this.#state.queue.push({ due: this.now() + lag, module, id, record });
  }

  #toIndex(module: string, id: string, record: StoredRecord | undefined): void {
    const table = tableOf(this.#state.index, module);
    if (record) table.set(id, record);
    else table.delete(id);
  }
}

export interface FoundRecord {
  module: string;
  record: StoredRecord;
  name: string;
}
