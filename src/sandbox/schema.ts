import * as z from "zod";

const dataType = z.enum([
  "text",
  "textarea",
  "email",
  "phone",
  "website",
  "picklist",
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
  /** Module a lookup points at; "*" when another key of the record names it. */
  readonly target: string | undefined;
  readonly options: readonly string[];
  /** Options that an administrator renamed: what people see for what records hold. */
  readonly shown: ReadonlyMap<string, string>;
}

/** How the rows of a related list are found from the parent record. */
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

export interface ViewRule {
  readonly field: string;
  readonly op: "is" | "not" | "before" | "between";
  /** `$ME`, `$TODAY` and `$MONTH` are filled in when the view is used. */
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
  readonly singular: string;
  readonly plural: string;
  readonly sequence: number;
  readonly generated: "default" | "subform" | "custom";
  readonly parent: string | undefined;
  readonly visible: boolean;
  readonly supported: boolean;
  readonly editable: boolean;
  /** False for modules of which only the metadata are emulated. */
  readonly hasRecords: boolean;
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** The field whose value names a record, and the one a free-text lookup fills in. */
  readonly display: string;
  readonly entry: string;
  readonly upsertKeys: readonly string[];
  readonly related: readonly RelatedList[];
  readonly views: readonly View[];
  readonly layoutId: string;
}

/** 19 digits with the organisation's prefix, as every id in the recordings. */
export const orgId = (n: number): string => `7618134000${String(n).padStart(9, "0")}`;

/**
 * Reads a table with one field a line: `api name | label | type length | flags | options or target`.
 */
export function parseFields(table: string, firstId: number): Field[] {
  const lines = table
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.map((line, index) => parseField(line, orgId(firstId + index)));
}

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
    target: extra !== "" && parsed !== "picklist" ? extra : undefined,
    options: parsed === "picklist" ? extra.split(",").map((option) => option.trim()) : [],
    shown: new Map(),
  };
}

export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const asText = (value: unknown): string => (typeof value === "string" ? value : "");

/** The id inside a lookup value as a GET returns it. */
export const idOf = (value: unknown): string | undefined => {
  const id = isObject(value) ? value["id"] : undefined;
  return typeof id === "string" ? id : undefined;
};
