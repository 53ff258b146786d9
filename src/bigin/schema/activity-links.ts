import { ownValue } from "../../shared/own-value.ts";
import { isObject } from "../values.ts";

type Values = Record<string, unknown>;

/**
 * The two families of names by which tasks, events and calls are linked to other records. Sources are divided over which
 * one Bigin has (docs/compatibility.md), so both are read, and each is written where its names are seen.
 */
const families = [
  { record: "What_Id", contact: "Who_Id", moduleKey: "$se_module" },
  { record: "Related_To", contact: "Contact_Name", moduleKey: "$related_module" },
] as const;
const [documented, engine] = families;

type Family = (typeof families)[number];

/** The links of activities, by the names of both families. */
export const linkNames: readonly string[] = families.flatMap(({ record, contact }) => [
  record,
  contact,
]);

/** The family to which field names belong; undefined if they have links of neither, or of both. */
export function familyIn(names: Iterable<string>): Family | undefined {
  const all = new Set(names);
  const [one, other] = families.filter(
    ({ record, contact }) => all.has(record) || all.has(contact),
  );
  return other ? undefined : one;
}

/** The name that a link has in a family; other names stay. */
export function nameInFamily(apiName: string, { record, contact }: Family): string {
  const other = otherLinkName(apiName);
  return other === record || other === contact ? other : apiName;
}

/** Links that can be to records of several modules, which the module key names. */
export const openLinks: ReadonlySet<string> = new Set([
  "Parent_Id",
  documented.record,
  engine.record,
]);

export const activityModules: ReadonlySet<string> = new Set(["Tasks", "Events", "Calls"]);

/** The key under which the rest of the program finds the module of the record that an activity or a note is about. */
export const moduleKey = "$se_module";
/** All keys that name it in records, rows and requests. */
export const moduleKeys: readonly string[] = ["$se_module", "$related_module", "se_module"];

/** The name of a link field in the other family; undefined for other fields. */
export function otherLinkName(apiName: string): string | undefined {
  const wanted = apiName.toLowerCase();
  for (const [family, other] of [families, families.toReversed()].map(([a, b]) => [a, b])) {
    if (family?.record.toLowerCase() === wanted) return other?.record;
    if (family?.contact.toLowerCase() === wanted) return other?.contact;
  }
  return undefined;
}

/** The engine's name of a module in records, where it differs: Pipelines are its "Deals". */
const engineNames: Readonly<Record<string, string>> = { Pipelines: "Deals" };

/** The API name of a module that the engine may name differently. */
export function moduleOfEngine(name: string): string {
  const found = Object.entries(engineNames).find(([, engineName]) => engineName === name);
  return found?.[0] ?? name;
}

/** A record as the rest of the program reads it: the module of what it is about is always in `$se_module`. */
export function withModuleKey<T extends Values & { id: string }>(
  record: T,
): Values & { id: string } {
  const key = moduleKeys.find((one) => typeof record[one] === "string");
  const module = key === undefined ? moduleInParent(record) : record[key];
  if (typeof module !== "string") return record;
  const others = Object.entries(record).filter(([name]) => !moduleKeys.includes(name));
  return { ...Object.fromEntries(others), id: record.id, [moduleKey]: moduleOfEngine(module) };
}

/** The engine names the module of a note's parent in `Parent_Id`. */
function moduleInParent(record: Values): unknown {
  const parent = record["Parent_Id"];
  const module = isObject(parent) ? parent["module"] : undefined;
  return isObject(module) ? module["api_name"] : module;
}

/** A row as it is sent: with the module under the key that goes with the name of the link. */
export function withWrittenModuleKey(row: Values): Values {
  const { [moduleKey]: module, ...rest } = row;
  if (typeof module !== "string" || !(engine.record in row)) return row;
  return { ...rest, [engine.moduleKey]: ownValue(engineNames, module) ?? module };
}

/** A row with its links under the names of the other family. */
export function inOtherFamily(row: Values): Values {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [otherLinkName(name) ?? name, value]),
  );
}

/** True if a row links by the names that Bigin's documentation has. */
export function linksAsDocumented(row: Values): boolean {
  return [documented.record, documented.contact].some((name) => !!row[name]);
}
