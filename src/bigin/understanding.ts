import type { Cache } from "../shared/cache.ts";
import { grantedOr } from "./api/batch.ts";
import type { Metadata } from "./api/metadata.ts";
import type { Reading } from "./api/records.ts";
import type { User, Users } from "./api/users.ts";
import type { When } from "./dates/dates.ts";
import { isZone } from "./dates/zone.ts";
import { allUsers, type Person, personNamed } from "./names/people.ts";
import { createRecordNames, parentNamed } from "./names/record-names.ts";
import type { RecentWrites } from "./recent-writes.ts";
import { createRemembered, unlessEmpty } from "./remembered.ts";
import type { Schema } from "./schema/fields.ts";
import { type TeamPipeline, teamNamed, teamPipelineOf } from "./schema/pipelines.ts";
import { loadSchema } from "./schema/schema.ts";
import { readCriteria, type Written } from "./search/criteria-parser.ts";
import { type Filter, type FilterResolvers, resolveFilter, type Tree } from "./search/filters.ts";
import { type Found, find, type Query } from "./search/find.ts";

const readAtMost = 2000;
const resultMs = 60_000;
const keptFrom = 10;
/** Below the 50 s a whole call may take, so that what was read is still told. */
const readForMs = 35_000;

/** What people mean by their words in this organisation: fields, options, users, records, dates. */
export interface Understanding {
  schema(module: string): Promise<Schema>;
  /** The zone in which days begin: the organisation's, or the current user's where the grant ends. */
  zone(): Promise<string>;
  /** Filters or criteria with every name and value resolved; undefined for none. */
  conditions(schema: Schema, wanted: Wanted): Promise<Tree | undefined>;
  person(name: string): Promise<Person>;
  /** The user this connection acts as. */
  me(): Promise<User | undefined>;
  /** The team pipelines of deals; none where the layouts are not granted. */
  teams(): Promise<TeamPipeline[]>;
  /** A date, a time or words for one, in the organisation's zone; undefined when the text is none. */
  when(text: string): Promise<When | undefined>;
  /** A record of a module by its name. Several of that name fail with at most five candidates. */
  record(module: string | undefined, name: string): Promise<{ id: string; name: string }>;
  /** Finds records; `again` takes the result of the same query a moment ago, so that its next page fits the last. */
  find(
    query: Omit<Query, "zone" | "recent" | "schema" | "readAtMost" | "until"> & {
      readAtMost?: number;
      again?: boolean;
    },
  ): Promise<Found>;
}

interface Wanted {
  filters?: readonly Filter[] | undefined;
  match?: "all" | "any" | undefined;
  criteria?: string | undefined;
}

export interface UnderstandingParts {
  metadata: Metadata;
  users: Users;
  reading: Reading;
  cache: Cache;
  results: Cache;
  /** The connection, which is part of every key. */
  scope: () => Promise<string>;
  signal: AbortSignal;
  recent: RecentWrites;
}

export function createUnderstanding(parts: UnderstandingParts): Understanding {
  const remembered = createRemembered(parts);
  // Somebody's grant is used, so there is a user.
  const people = () => remembered("people", () => allUsers(parts.users), unlessEmpty);
  const current = () => remembered("me", () => currentUser(parts.users), Boolean);

  const understanding: Understanding = {
    schema: (module) =>
      remembered(`schema ${module}`, () => loadSchema(parts.metadata, parts.reading, module)),
    zone: () => remembered("zone", () => loadZone(parts.users, current)),
    async conditions(schema, { filters = [], match = "all", criteria }) {
      const written: Written[] = criteria === undefined ? [...filters] : [readCriteria(criteria)];
      if (written.length === 0) return undefined;
      const trees = await Promise.all(written.map((one) => resolveWritten(one, schema, resolvers)));
      return match === "any" ? { some: trees } : { every: trees };
    },
    person: async (name) => personNamed(name, await people(), await current()),
    me: current,
    teams: async () => (await remembered("teams", loadTeams(parts), unlessEmpty)) ?? [],
    async when(text) {
      // Loaded with the first date: it brings the time zones.
      const { readWhen } = await import("./dates/dates.ts");
      return readWhen(text, await understanding.zone(), new Date());
    },
    record: (module, name) => named(module, name),
    async find({ again = false, ...query }) {
      const scope = await parts.scope();
      const recent = await parts.recent.ids(scope, query.module);
      const zone = await understanding.zone();
      const schema = () => understanding.schema(query.module);
      const look = () =>
        find(parts.reading, {
          readAtMost,
          ...query,
          ...{ recent, zone, schema, until: Date.now() + readForMs },
        });
      const key = `${scope} ${JSON.stringify(query)}`;
      const kept = (load: () => Promise<Found>) =>
        parts.results.get(key, parts.signal, load, resultMs);
      if (again) return kept(look);
      const found = await look();
      parts.results.forget(key);
      // Only what needs another page is worth keeping.
      return query.readAtMost === undefined && found.records.length > keptFrom
        ? kept(async () => found)
        : found;
    },
  };
  const named = createRecordNames(understanding);
  const resolvers: FilterResolvers = {
    person: understanding.person,
    record: (module, name) =>
      module ? understanding.record(module, name) : parentNamed(understanding, name),
    async team(name) {
      const teams = await understanding.teams();
      return teams.length > 0 ? teamNamed(teams, name).name : name;
    },
    when: understanding.when,
  };
  return understanding;
}

async function resolveWritten(
  written: Written,
  schema: Schema,
  resolvers: FilterResolvers,
): Promise<Tree> {
  const all = (parts: Written[]) =>
    Promise.all(parts.map((part) => resolveWritten(part, schema, resolvers)));
  if ("every" in written) return { every: await all(written.every) };
  if ("some" in written) return { some: await all(written.some) };
  return resolveFilter(written, schema, resolvers);
}

async function currentUser(users: Users): Promise<User | undefined> {
  return (await users.list({ type: "CurrentUser" })).users[0];
}

/** Undefined where they are not granted. */
function loadTeams({ metadata }: UnderstandingParts) {
  return async (): Promise<TeamPipeline[] | undefined> => {
    const layouts = await grantedOr(metadata.layouts("Pipelines"), undefined);
    return layouts?.map(teamPipelineOf);
  };
}

async function loadZone(users: Users, current: () => Promise<User | undefined>): Promise<string> {
  const zone = await grantedOr(users.organisationZone(), undefined);
  if (isZone(zone)) return zone;
  const own = (await current())?.time_zone;
  return isZone(own) ? own : "UTC";
}
