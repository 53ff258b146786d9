import { createRandom, type Random } from "./random.ts";
import { asText, idOf, isObject, type Json, type ModuleDef, orgId } from "./schema.ts";
import type { Contract } from "./switches.ts";
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
  /** Current records by id, in insertion order, with values as a GET returns them. */
  records(module: string): ReadonlyMap<string, StoredRecord>;
  connections(): ReadonlyMap<string, StoredConnection>;
  deleted(module: string): readonly DeletedRecord[];
  users(): readonly User[];
}

/** The data that a store starts with. Stores share it, so it must never change. */
export interface SeedData {
  readonly users: readonly User[];
  readonly links: ReadonlyMap<string, ReadonlySet<string>>;
  /** Number of the last id in use. */
  readonly lastId: number;
  readonly randomState: number;
  /** New objects for the records of a module, with their times relative to `now` (milliseconds). */
  recordsOf(module: string, now: number): StoredRecord[];
}

interface Table {
  readonly records: Map<string, StoredRecord>;
  /** The records as they were `searchLagMs` ago, for /search. */
  readonly index: Map<string, StoredRecord>;
}

/** Records and sets of links are replaced, never changed in place: copying the maps makes a snapshot. */
interface State {
  /** Only the modules that were used since seeding. */
  tables: Map<string, Table>;
  /** Changes that the index does not have yet. */
  queue: { due: number; module: string; id: string; record: StoredRecord | undefined }[];
  deleted: Map<string, DeletedRecord[]>;
  links: Map<string, ReadonlySet<string>>;
  tags: Map<string, Tag[]>;
  connections: Map<string, StoredConnection>;
}

function stateOf(seed: SeedData): State {
  return {
    tables: new Map(),
    queue: [],
    deleted: new Map(),
    links: new Map(seed.links),
    tags: new Map(),
    connections: new Map(),
  };
}

function copyState(state: State): State {
  return {
    tables: new Map([...state.tables].map(([name, table]) => [name, copyTable(table)])),
    queue: [...state.queue],
    deleted: new Map([...state.deleted].map(([name, list]) => [name, [...list]])),
    links: new Map(state.links),
    tags: new Map([...state.tags].map(([name, list]) => [name, [...list]])),
    connections: new Map(state.connections),
  };
}

function without(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...ids].filter((entry) => entry !== id));
}

function copyTable({ records, index }: Table): Table {
  return { records: new Map(records), index: new Map(index) };
}

export interface StoreOptions {
  contract: Contract;
  clock: () => number;
  searchLagMs: number;
  modules: ReadonlyMap<string, ModuleDef>;
  seed: SeedData;
}

/** The data of the sandbox. It stores and finds; the rules are in the routes. */
export class SandboxStore implements Store {
  readonly modules: ReadonlyMap<string, ModuleDef>;
  readonly contract: Contract;
  random: Random;
  readonly #options: StoreOptions;
  #state: State;
  #lastId: number;
  #seededAt: number;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.modules = options.modules;
    this.contract = options.contract;
    this.random = createRandom(options.seed.randomState);
    this.#state = stateOf(options.seed);
    this.#lastId = options.seed.lastId;
    this.#seededAt = options.clock();
  }

  /** Goes back to the seed, as of now. */
  reset(): void {
    const { seed } = this.#options;
    this.random = createRandom(seed.randomState);
    this.#state = stateOf(seed);
    this.#lastId = seed.lastId;
    this.#seededAt = this.now();
  }

  /** Returns a function that restores the data as they are now. */
  snapshot(): () => void {
    const before = copyState(this.#state);
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

  get lastId(): number {
    return this.#lastId;
  }

  nextId(): string {
    this.#lastId += 1;
    return orgId(this.#lastId);
  }

  records(module: string): ReadonlyMap<string, StoredRecord> {
    return this.#table(module).records;
  }

  /** Adds or replaces a record. With `immediately`, /search finds it at once, whatever the lag. */
  put(module: string, record: StoredRecord, immediately = false): void {
    this.#table(module).records.set(record.id, record);
    this.#indexLater(module, record.id, record, immediately);
  }

  /** Moves a record to the recycle bin. */
  remove(module: string, record: StoredRecord, displayName: string): void {
    this.#table(module).records.delete(record.id);
    this.#indexLater(module, record.id, undefined, false);
    const { id, name } = this.actor();
    const creator = record["Created_By"];
    const bin = this.#state.deleted.get(module) ?? [];
    bin.push({
      id: record.id,
      display_name: displayName,
      deleted_time: this.stamp(),
      deleted_by: { name, id },
      created_by: isObject(creator) ? { name: creator["name"], id: creator["id"] } : { name, id },
      type: "recycle",
    });
    this.#state.deleted.set(module, bin);
  }

  /** The records as /search sees them. */
  indexed(module: string): ReadonlyMap<string, StoredRecord> {
    const now = this.now();
    const waiting: State["queue"] = [];
    for (const entry of this.#state.queue) {
      if (entry.due > now) waiting.push(entry);
      else this.#toIndex(entry.module, entry.id, entry.record);
    }
    this.#state.queue = waiting;
    return this.#table(module).index;
  }

  deleted(module: string): readonly DeletedRecord[] {
    return this.#state.deleted.get(module) ?? [];
  }

  users(): readonly User[] {
    return this.#options.seed.users;
  }

  /** The user who authorised the connections: the first administrator. */
  actor(): { name: string; id: string; email: string } {
    const user = this.users().find((entry) => entry.admin);
    return this.userReference(user?.id ?? "") ?? { name: "", id: "", email: "" };
  }

  userReference(id: string): { name: string; id: string; email: string } | undefined {
    const user = this.users().find((entry) => entry.id === id);
    if (!user) return undefined;
    return { name: `${user.first_name} ${user.last_name}`, id: user.id, email: user.email };
  }

  links(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#state.links;
  }

  /** Ids of the records linked to this one, such as products of a contact. Links have no direction. */
  linked(id: string): ReadonlySet<string> {
    return this.#state.links.get(id) ?? new Set();
  }

  link(one: string, other: string): void {
    this.#state.links.set(one, new Set([...this.linked(one), other]));
    this.#state.links.set(other, new Set([...this.linked(other), one]));
  }

  unlink(one: string, other: string): void {
    this.#state.links.set(one, without(this.linked(one), other));
    this.#state.links.set(other, without(this.linked(other), one));
  }

  /** The tag with this name, ignoring case; created when it does not exist. */
  tag(module: string, name: string): Tag {
    const list = this.#state.tags.get(module) ?? [];
    const known = list.find((tag) => tag.name.toLowerCase() === name.toLowerCase());
    if (known) return known;
    const created: Tag = { id: this.nextId(), name, color_code: null };
    this.#state.tags.set(module, [...list, created]);
    return created;
  }

  /** The record with this id, in any of the modules. */
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

  /** Created on first use: most sandboxes use few of their modules. */
  #table(module: string): Table {
    const known = this.#state.tables.get(module);
    if (known) return known;
    const seeded = this.#options.seed.recordsOf(module, this.#seededAt);
    const records = new Map(seeded.map((record) => [record.id, record]));
    const created = { records, index: new Map(records) };
    this.#state.tables.set(module, created);
    return created;
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
    const { index } = this.#table(module);
    if (record) index.set(id, record);
    else index.delete(id);
  }
}

export interface FoundRecord {
  module: string;
  record: StoredRecord;
  name: string;
}
