import * as z from "zod";

const dataType = z.enum([
  "text",
  "textarea",
  "email",
  "phone",
  "website",
  "picklist",
  "multiselectpicklist",
  "boolean",
  "integer",
  "double",
  "currency",
  "bigint",
  "date",
  "datetime",
  "lookup",
  "ownerlookup",
  "multiselectlookup",
  "subform",
  "profileimage",
  "tag",
  "layout",
  "json",
  "userlookup",
  "multi_module_lookup",
  "decimal",
  "formula",
  "mediumtext",
  "ALARM",
  "RRULE",
  "multireminder",
]);

type DataType = z.infer<typeof dataType>;

const flag = z.enum([
  "mandatory",
  "unique",
  "system",
  "custom",
  "display",
  "unsearchable",
  "initial",
]);
type Flag = z.infer<typeof flag>;

export interface Field {
  readonly id: string;
  readonly api_name: string;
  readonly label: string;
  readonly type: DataType;
  readonly length: number;
  readonly flags: ReadonlySet<Flag>;
  /** The module a lookup points at; "*" when the record names it. */
  readonly target: string | undefined;
  readonly options: readonly string[];
  /** Options that an administrator renamed: stored value → displayed value. */
  readonly shown: ReadonlyMap<string, string>;
}

/** How to find the records of a related list. */
type Relation =
  | { kind: "lookup"; field: string }
  | { kind: "link" }
  | { kind: "rows"; owner: string; field: string; key: string }
  | { kind: "notes" };

export interface RelatedList {
  readonly name: string;
  readonly module: string;
  readonly relation: Relation;
}

/** The lookup of a module that can point at records of several modules. */
export interface OpenLookup {
  readonly field: string;
  /** The key of a record that names the module; undefined: the value of the lookup has it as `module`. */
  readonly moduleKey: string | undefined;
}

export interface ViewRule {
  readonly field: string;
  readonly op: "is" | "not" | "before" | "between";
  /** `$ME`, `$TODAY` and `$MONTH` are resolved when the view is used. */
  readonly value: string;
}

export interface View {
  readonly id: string;
  readonly name: string;
  readonly rules: readonly ViewRule[];
}

export interface ModuleDef {
  readonly id: string;
  readonly api_name: string;
  readonly module_name: string;
  /** The name that other records use for this module: the engine calls Pipelines "Deals". */
  readonly engineName: string;
  readonly singular: string;
  readonly plural: string;
  readonly sequence: number;
  readonly generated: "default" | "subform" | "custom";
  readonly parent: string | undefined;
  readonly visible: boolean;
  readonly supported: boolean;
  readonly editable: boolean;
  /** False where only the metadata are emulated. */
  readonly hasRecords: boolean;
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** The field whose value is the name of a record. */
  readonly display: string;
  /** The field that a lookup given as text fills in when it creates a record. */
  readonly entry: string;
  readonly upsertKeys: readonly string[];
  readonly related: readonly RelatedList[];
  readonly openLookup: OpenLookup | undefined;
  readonly views: readonly View[];
  readonly layoutId: string;
}

/** An id of 19 digits with the organisation's prefix, like every id in the recorded replies. */
export function orgId(n: number): string {
  return `7618134000${String(n).padStart(9, "0")}`;
}

/**
 * Parses a table of fields, one per line: `api name | label | type length | flags | options or target`. Ids count up
 * from `firstId`.
 */
export function parseFields(table: string, firstId: number): Field[] {
  const lines = table
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.map((line, index) => parseField(line, orgId(firstId + index)));
}

const hasOptions: ReadonlySet<DataType> = new Set(["picklist", "multiselectpicklist"]);

function parseField(line: string, id: string): Field {
  const [api_name = "", label = "", kind = "", flags = "", extra = ""] = line
    .split("|")
    .map((cell) => cell.trim());
  const [type = "", length = "120"] = kind.split(" ");
  const parsed = dataType.parse(type);
  return {
    id,
    api_name,
    label: label === "" ? api_name.replaceAll("_", " ") : label,
    type: parsed,
    length: Number(length),
    flags: new Set(flags === "" ? [] : flags.split(" ").map((word) => flag.parse(word))),
    target: extra !== "" && !hasOptions.has(parsed) ? extra : undefined,
    options: hasOptions.has(parsed) ? extra.split(",").map((option) => option.trim()) : [],
    shown: new Map(),
  };
}

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The id in a lookup value such as `{ name, id }`. */
export function idOf(value: unknown): string | undefined {
  const id = isObject(value) ? value["id"] : undefined;
  return typeof id === "string" ? id : undefined;
}
