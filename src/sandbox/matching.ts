import { type Condition, type Criteria, invalidQuery } from "./criteria.ts";
import { asText, type Field, idOf, isObject, type ModuleDef } from "./schema.ts";
import type { StoredRecord } from "./store.ts";
import { readStamp } from "./time.ts";

type Test = (record: StoredRecord) => boolean;

const TEXT_OPS = ["equals", "not_equal", "starts_with", "in"];
const ORDER_OPS = [
  "equals",
  "not_equal",
  "greater_than",
  "greater_equal",
  "less_than",
  "less_equal",
  "between",
  "in",
];
const OPERATORS: Record<Field["type"], readonly string[]> = {
  text: TEXT_OPS,
  textarea: TEXT_OPS,
  email: TEXT_OPS,
  phone: TEXT_OPS,
  website: TEXT_OPS,
  picklist: TEXT_OPS,
  lookup: TEXT_OPS,
  ownerlookup: TEXT_OPS,
  tag: TEXT_OPS,
  date: ORDER_OPS,
  datetime: ORDER_OPS,
  integer: ORDER_OPS,
  double: ORDER_OPS,
  currency: ORDER_OPS,
  bigint: ORDER_OPS,
  boolean: ["equals", "not_equal"],
  multiselectlookup: [],
  subform: [],
  profileimage: [],
  layout: [],
  json: [],
};

/** Turns parsed criteria into one test; refuses fields and operators Bigin does not search by. */
export function compileCriteria(def: ModuleDef, criteria: Criteria): Test {
  if (criteria.kind === "condition") return compileCondition(def, criteria);
  const left = compileCriteria(def, criteria.left);
  const right = compileCriteria(def, criteria.right);
  return criteria.connector === "and"
    ? (record) => left(record) && right(record)
    : (record) => left(record) || right(record);
}

interface Subject {
  readonly type: Field["type"];
  readonly read: (record: StoredRecord) => unknown;
}

function subjectOf(def: ModuleDef, condition: Condition): Subject {
  const [name = "", part, ...rest] = condition.field.split(".");
  const refused = { api_name: condition.field, operator: condition.op };
  if (condition.field === "id") return { type: "bigint", read: (record) => record.id };
  const field = def.byName.get(name);
  if (!field || field.flags.has("unsearchable")) {
    throw invalidQuery("the field is not available for search", refused);
  }
  const isLookup = field.type === "lookup" || field.type === "ownerlookup";
  if (part === undefined) return { type: field.type, read: (record) => record[name] };
  if (!isLookup || rest.length > 0 || (part !== "id" && part !== "name")) {
    throw invalidQuery("the field is not available for search", refused);
  }
  return {
    type: part === "id" ? "bigint" : "text",
    read: (record) => (isObject(record[name]) ? record[name][part] : null),
  };
}

function compileCondition(def: ModuleDef, condition: Condition): Test {
  const subject = subjectOf(def, condition);
  const { op, values, field } = condition;
  const refused = { api_name: field, operator: op };
  if (!OPERATORS[subject.type].includes(op)) {
    throw invalidQuery("the operator is not supported for the field", refused);
  }
  const expected = op === "between" ? 2 : op === "in" ? values.length : 1;
  if (values.length !== expected || values.some((value) => value.trim() === "")) {
    throw invalidQuery("the value given is not valid for the operator", refused);
  }
  const keys = values.map((value) => keyOf(subject.type, value.trim()));
  if (keys.includes(undefined)) {
    throw invalidQuery("the value given is not valid for the field", refused);
  }
  const compare = COMPARERS[op];
  if (!compare) throw invalidQuery("the operator is not supported for the field", refused);
  const texts = values.map((value) => value.trim());
  return (record) => compare(subject, subject.read(record), texts);
}

type Key = string | number | undefined;

/** What ordered types are compared by. Text types keep their lower-cased text. */
function keyOf(type: Field["type"], value: string): Key {
  switch (type) {
    case "datetime":
      return readStamp(value);
    case "date":
      return /^\d{4}-\d\d-\d\d$/.test(value) ? value : undefined;
    case "integer":
    case "double":
    case "currency":
      return Number.isFinite(Number(value)) ? Number(value) : undefined;
    case "boolean":
      return value === "true" || value === "false" ? value : undefined;
    default:
      return value.toLowerCase();
  }
}

const tokens = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

const plain = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(plain).join(" ");
  if (isObject(value)) return asText(value["name"]);
  return value === null || value === undefined ? "" : String(value);
};

const WORDY = new Set<Field["type"]>(["text", "textarea", "lookup", "ownerlookup", "tag"]);

/** On text, `equals` asks for every word of the value; further words do not hurt. */
function equals(subject: Subject, found: unknown, wanted: string): boolean {
  const text = plain(found);
  if (text === "") return false;
  if (idOf(found) === wanted) return true;
  if (WORDY.has(subject.type)) {
    const have = new Set(tokens(text));
    const asked = tokens(wanted);
    return asked.length > 0
      ? asked.every((word) => have.has(word))
      : text.toLowerCase() === wanted.toLowerCase();
  }
  return keyOf(subject.type, text) === keyOf(subject.type, wanted);
}

type Comparer = (subject: Subject, found: unknown, values: readonly string[]) => boolean;

const ordered =
  (holds: (a: string | number, b: string | number) => boolean): Comparer =>
  ({ type }, found, [value = ""]) => {
    const [a, b] = [found === null ? undefined : keyOf(type, plain(found)), keyOf(type, value)];
    return a !== undefined && a !== "" && b !== undefined && holds(a, b);
  };

const COMPARERS: Record<string, Comparer> = {
  equals: (subject, found, [value = ""]) => equals(subject, found, value),
  not_equal: (subject, found, [value = ""]) => !equals(subject, found, value),
  in: (subject, found, values) => values.some((value) => equals(subject, found, value)),
  starts_with: (_, found, [value = ""]) =>
    plain(found).toLowerCase().startsWith(value.toLowerCase()),
  greater_than: ordered((a, b) => a > b),
  greater_equal: ordered((a, b) => a >= b),
  less_than: ordered((a, b) => a < b),
  less_equal: ordered((a, b) => a <= b),
  between: (subject, found, [low = "", high = ""]) =>
    ordered((a, b) => a >= b)(subject, found, [low]) &&
    ordered((a, b) => a <= b)(subject, found, [high]),
};

const searchableFields = (def: ModuleDef, types: readonly Field["type"][]): Field[] =>
  def.fields.filter((field) => types.includes(field.type));

export function byEmail(def: ModuleDef, email: string): Test {
  const fields = searchableFields(def, ["email"]);
  const wanted = email.trim().toLowerCase();
  return (record) =>
    fields.some((field) => asText(record[field.api_name]).toLowerCase() === wanted);
}

const digits = (text: string): string => text.replace(/\D/g, "");

export function byPhone(def: ModuleDef, phone: string): Test {
  const fields = searchableFields(def, ["phone"]);
  const wanted = digits(phone);
  if (wanted === "") return () => false;
  return (record) => fields.some((field) => digits(asText(record[field.api_name])) === wanted);
}

/** Every word of the query begins some word of the record, in whatever field. */
export function byWord(def: ModuleDef, query: string): Test {
  const fields = searchableFields(def, [
    "text",
    "textarea",
    "email",
    "phone",
    "website",
    "picklist",
    "lookup",
    "ownerlookup",
    "tag",
  ]);
  const wanted = tokens(query);
  return (record) => {
    const have = fields.flatMap((field) => tokens(plain(record[field.api_name])));
    return (
      wanted.length > 0 && wanted.every((word) => have.some((entry) => entry.startsWith(word)))
    );
  };
}
