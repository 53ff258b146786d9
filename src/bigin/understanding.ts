import { once } from "../shared/cache.ts";
import { unlessFailed, unlessRefused } from "./api/batch.ts";
import type { Metadata } from "./api/metadata.ts";
import type { BiginRecord, RecordReads } from "./api/records.ts";
import type { User, Users } from "./api/users.ts";
import { boundsOf, isZone, readWhen, type When } from "./dates/dates.ts";
import { type NoSuchTime, readWhenToWrite } from "./dates/to-write.ts";
import { kindOf } from "./field-types.ts";
import type { Knowledge, Recall } from "./knowledge.ts";
import { leastResultKept, lineCharacters, recordsPerPage, searchMs } from "./limits.ts";
import { allUsers, type Person, personIfAny, personNamed } from "./names/people.ts";
import {
  createRecordNames,
  isRecord,
  type Lookup,
  parentNamed,
  type RecordName,
} from "./names/record-names.ts";
import type { Field, Schema } from "./schema/fields.ts";
import { noTeams, type TeamPipelines, teamNamed, teamPipelinesIn } from "./schema/pipelines.ts";
import { loadSchema, schemaFromRecords } from "./schema/schema.ts";
import { type GivenTree, readCriteria } from "./search/criteria-parser.ts";
import type { FilterResolvers } from "./search/filter-values.ts";
import { type Filter, resolveFilter, type Tree } from "./search/filters.ts";
import { type Found, find, type Query } from "./search/find.ts";
import { textsOf } from "./search/match.ts";
import type { RecentWrites } from "./search/recently-written.ts";
import { comparable, idIn } from "./values.ts";

/** Resolves the words that people use to the fields, options, users, records and dates of this organisation. */
export interface Understanding {
  schema(module: string): Promise<Schema>;
  /**
   * The zone in which days begin: the organisation's, or the current user's if the organisation cannot be read, or UTC if
   * neither can.
   */
  zone(): Promise<string>;
  /** False if the zone is UTC only because no other could be read. */
  isZoneKnown(): Promise<boolean>;
  /** Filters or criteria with every name and value resolved; undefined if there are none. */
  conditions(schema: Schema, given: GivenConditions): Promise<Tree | undefined>;
  person(name: string): Promise<Person>;
  /** Undefined if no user has the name, or users cannot be read. */
  personIfAny(name: string): Promise<Person | undefined>;
  /** The user this connection acts as; undefined if that cannot be read. */
  me(): Promise<User | undefined>;
  /** The team pipelines of deals; empty if the layouts cannot be read. */
  teams(): Promise<TeamPipelines>;
  /**
   * Reads a date, a time or a phrase such as "next friday", in the organisation's zone. Undefined for any other text.
   */
  when(text: string): Promise<When | undefined>;
  /** The same for a value that is written: a plain weekday is the next one, and days and times must exist. */
  whenToWrite(text: string): Promise<When | NoSuchTime | undefined>;
  /** The first and the last second of a When. */
  boundsOf(when: When): Promise<{ from: string; to: string }>;
  /**
   * Finds a record of a module by its name or id. If several records have the name, fails with at most five candidates.
   */
  record(module: string | undefined, name: string): Promise<RecordName>;
  /** Whether a record of the module, or of any that activities are about, is called so. */
  isRecord(module: string | undefined, name: string): Promise<boolean>;
  /** Whether some record of the module holds this text in the field. False if that cannot be found out. */
  holdsText(module: string, field: Field, text: string): Promise<boolean>;
  find(query: FindQuery): Promise<Found>;
}

interface GivenConditions {
  filters?: readonly Filter[] | undefined;
  match?: "all" | "any" | undefined;
  criteria?: string | undefined;
}

type FindQuery = Omit<Query, "zone" | "recent" | "schema" | "linksWork" | "until"> & {
  /**
   * For results that are shown page by page, so that the next page continues the last one: false keeps the result, true
   * returns the one that was kept for the same query.
   */
  again?: boolean;
};

export interface UnderstandingParts {
  metadata: () => Metadata;
  users: () => Users;
  reads: RecordReads;
  knowledge: Knowledge;
  recall: Recall;
  /** The connection of the call. */
  scope: () => Promise<string>;
  recent: RecentWrites;
}

export function createUnderstanding(parts: UnderstandingParts): Understanding {
  const { metadata, users, reads, knowledge, recall } = parts;
  const schema = async (module: string) => {
    const load = () => loadSchema(metadata(), reads, module);
    const loaded = await unlessFailed(recall(knowledge.schemas, module, load), undefined);
    // Metadata that fail for now are asked for again with the next call.
    return loaded ?? { ...(await schemaFromRecords(reads, module)), isForNow: true };
  };
  const { me, ...people } = createPeople({ users, knowledge, recall });
  const zoneFound = async () => {
    const loaded = recall(knowledge.zones, "", () => loadZone(users(), me));
    const found = await unlessFailed(
      loaded.then((zone) => ({ zone })),
      undefined,
    );
    // An organisation that fails for now leaves the user's own zone.
    return found ? found.zone : zoneOf(await unlessFailed(me(), undefined));
  };
  const zone = async () => (await zoneFound()) ?? "UTC";
  const teams = async () => {
    const loaded = recall(knowledge.teams, "", () => loadTeams(metadata()));
    return (await unlessFailed(loaded, undefined)) ?? noTeams;
  };
  const search = (query: FindQuery) => findFor(parts, { zone, schema }, query);
  const { record, parent, ...names } = createNames({ schema, find: search });
  const when = async (text: string) => readWhen(text, await zone(), new Date());
  const holdsText: Understanding["holdsText"] = (...args) => isHeldIn(search, ...args);
  const resolvers: Omit<FilterResolvers, "isHeld"> = {
    ...people,
    when,
    ...names,
    record: (module, name) => (module ? record(module, name) : parent(name)),
    team: async (name) => teamNamed(await teams(), name)?.name ?? name,
  };
  return {
    schema,
    zone,
    isZoneKnown: async () => (await zoneFound()) !== undefined,
    ...people,
    me: () => unlessFailed(me(), undefined),
    teams,
    when,
    whenToWrite: async (text) => readWhenToWrite(text, await zone(), new Date()),
    boundsOf: async (one) => boundsOf(one, await zone()),
    record,
    holdsText,
    ...names,
    find: search,
    async conditions(schema, { filters = [], match = "all", criteria }) {
      const given: GivenTree[] = criteria === undefined ? [...filters] : [readCriteria(criteria)];
      if (given.length === 0) return undefined;
      const isHeld: FilterResolvers["isHeld"] = (...args) => holdsText(schema.module, ...args);
      const all = { ...resolvers, isHeld };
      const trees = await Promise.all(given.map((one) => resolveTree(one, schema, all)));
      return match === "any" ? { some: trees } : { every: trees };
    },
  };
}

/** Finds users by their names. Their list is read once. */
function createPeople({
  users,
  knowledge,
  recall,
}: Pick<UnderstandingParts, "users" | "knowledge" | "recall">) {
  const me = () => recall(knowledge.me, "", () => currentUser(users()));
  const known = () => unlessFailed(me(), undefined);
  const nobody = { users: [], isWhole: false };
  const all = () => recall(knowledge.people, "", () => allUsers(users()));
  return {
    me,
    person: async (name: string) => personNamed(name, await all(), await known()),
    personIfAny: async (name: string) =>
      personIfAny(name, await unlessFailed(all(), nobody), await known()),
  };
}

/** Finds records by their names. */
function createNames(lookup: Lookup) {
  const names = once(() => createRecordNames(lookup));
  return {
    record: (module: string | undefined, name: string) => names()(module, name),
    parent: (name: string) => parentNamed(lookup, name),
    isRecord: (module: string | undefined, name: string) => isRecord(lookup, module, name),
  };
}

async function findFor(
  { reads, knowledge, recall, scope, recent }: UnderstandingParts,
  { zone, schema }: Pick<Understanding, "zone" | "schema">,
  { again, ...query }: FindQuery,
): Promise<Found> {
  const connection = await scope();
  const run = async () =>
    find(reads, {
      ...query,
      recent: await recent.ids(connection, query.module),
      zone: await zone(),
      schema: () => schema(query.module),
      linksWork: () => recall(knowledge.linksWork, "", () => doLinksWork(reads)),
      until: performance.now() + searchMs,
    });
  const what = JSON.stringify(query);
  if (again) return recall(knowledge.results, what, run);
  const found = await run();
  if (again === undefined) return found;
  knowledge.results.forget(`${connection} ${what}`);
  if (found.records.length > leastResultKept)
    await recall(knowledge.results, what, async () => found);
  return found;
}

/**
 * Whether a search by the id of an owner finds anything: of the oldest contact, because the search index lags behind.
 * Undefined if that cannot be found out.
 */
async function doLinksWork(reads: RecordReads): Promise<boolean | undefined> {
  const oldest = {
    fields: ["Owner"],
    sort_by: "Created_Time",
    sort_order: "asc",
    per_page: 1,
  } as const;
  const listed = await unlessFailed(reads.list("Contacts", oldest), undefined);
  const owner = idIn(listed?.records[0]?.["Owner"]);
  if (owner === undefined) return undefined;
  const criteria = `(Owner.id:equals:${owner})`;
  const params = { fields: ["id"], per_page: 1 };
  const found = await unlessFailed(reads.search("Contacts", { criteria }, params), undefined);
  return found && found.records.length > 0;
}

async function isHeldIn(
  find: Understanding["find"],
  module: string,
  field: Field,
  text: string,
): Promise<boolean> {
  const isList = kindOf(field) === "list";
  if (text.length > lineCharacters || !(field.searchable || isList)) return false;
  // Bigin's criteria do not reach into lists, but its search for words does.
  const what: Pick<FindQuery, "selector" | "tree"> = isList
    ? { selector: { word: text } }
    : { tree: { field, op: "equals", operands: [{ kind: "text", text }] } };
  const asked = find({ module, fields: [field.apiName], readAtMost: recordsPerPage, ...what });
  const found = await unlessFailed(asked, undefined);
  const isEqual = (one: BiginRecord) => textsOf(one[field.apiName]).includes(comparable(text));
  return found?.records.some(isEqual) ?? false;
}

async function resolveTree(
  given: GivenTree,
  schema: Schema,
  resolvers: FilterResolvers,
): Promise<Tree> {
  const all = (parts: readonly GivenTree[]) =>
    Promise.all(parts.map((part) => resolveTree(part, schema, resolvers)));
  if ("every" in given) return { every: await all(given.every) };
  if ("some" in given) return { some: await all(given.some) };
  return resolveFilter(given, schema, resolvers);
}

async function currentUser(users: Users): Promise<User | undefined> {
  return (await users.list({ type: "CurrentUser" })).users[0];
}

/** Undefined if the connection may not read the layouts. */
async function loadTeams(metadata: Metadata): Promise<TeamPipelines | undefined> {
  const layouts = await unlessRefused(metadata.layouts("Pipelines"), undefined);
  return layouts && teamPipelinesIn(layouts);
}

/** Undefined if neither the organisation nor the user has a zone that can be read. */
async function loadZone(
  users: Users,
  me: () => Promise<User | undefined>,
): Promise<string | undefined> {
  const zone = await unlessRefused(users.organisationZone(), undefined);
  if (isZone(zone)) return zone;
  return zoneOf(await unlessRefused(me(), undefined));
}

function zoneOf(user: User | undefined): string | undefined {
  return isZone(user?.time_zone) ? user.time_zone : undefined;
}
