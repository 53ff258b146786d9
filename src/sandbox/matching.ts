import { type Condition, type Criteria, invalidQuery } from "./criteria.ts";
import { asText, type Field, idOf, isObject, type ModuleDef } from "./schema.ts";
import type { StoredRecord } from "./store.ts";
import type { Switches } from "./switches.ts";
import { readStamp } from "./time.ts";

type RecordTest = (record: StoredRecord) => boolean;

const textOps = ["equals", "not_equal", "starts_with", "in"];
const orderOps = [
  "equals",
  "not_equal",
  "greater_than",
  "greater_equal",
  "less_than",
  "less_equal",
  "between",
  "in",
];
const operators: Record<Field["type"], readonly string[]> = {
  text: textOps,
  textarea: textOps,
  email: textOps,
  phone: textOps,
  website: textOps,
  picklist: textOps,
  lookup: textOps,
  ownerlookup: textOps,
  tag: textOps,
  date: orderOps,
  datetime: orderOps,
  integer: orderOps,
  double: orderOps,
  currency: orderOps,
  bigint: orderOps,
  boolean: ["equals", "not_equal"],
  multiselectlookup: [],
  multiselectpicklist: [],
  subform: [],
  profileimage: [],
  layout: [],
  json: [],
  userlookup: textOps,
  multi_module_lookup: textOps,
  decimal: orderOps,
  formula: orderOps,
  mediumtext: textOps,
  ALARM: [],
  RRULE: [],
  multireminder: [],
};

/** Compiles parsed criteria into a test. Throws INVALID_QUERY for fields and operators that Bigin does not search by. */
export function compileCriteria(
  def: ModuleDef,
  criteria: Criteria,
  switches: Pick<Switches, "noIdCriteria">,
): RecordTest {
  if (criteria.kind === "condition") return compileCondition(def, criteria, switches);
  const left = compileCriteria(def, criteria.left, switches);
  const right = compileCriteria(def, criteria.right, switches);
  return criteria.connector === "and"
    ? (record) => left(record) && right(record)
    : (record) => left(record) || right(record);
}

/** The value that a condition compares: a field, or the id or name of a lookup. */
interface Subject {
  readonly type: Field["type"];
  readonly read: (record: StoredRecord) => unknown;
}

function subjectOf(
  def: ModuleDef,
  condition: Condition,
  { noIdCriteria }: Pick<Switches, "noIdCriteria">,
): Subject {
  const [name = "", part, ...rest] = condition.field.split(".");
  const details = { api_name: condition.field, operator: condition.op };
  if (condition.field === "id") return { type: "bigint", read: (record) => record.id };
  const field = def.byName.get(name);
  if (!field || field.flags.has("unsearchable"))
    throw invalidQuery("the field is not available for search", details);
  const isLookup = lookupTypes.has(field.type);
  if (part === undefined) return { type: field.type, read: (record) => record[name] };
  if (!isLookup || rest.length > 0 || (part !== "id" && part !== "name"))
    throw invalidQuery("the field is not available for search", details);
  return {
    type: part === "id" ? "bigint" : "text",
    read: (record) =>
      isObject(record[name]) && !(noIdCriteria && part === "id") ? record[name][part] : null,
  };
}

const lookupTypes = new Set<Field["type"]>([
  "lookup",
  "ownerlookup",
  "userlookup",
  "multi_module_lookup",
]);

function compileCondition(
  def: ModuleDef,
  condition: Condition,
  switches: Pick<Switches, "noIdCriteria">,
): RecordTest {
  const subject = subjectOf(def, condition, switches);
  const { op, values, field } = condition;
  const details = { api_name: field, operator: op };
  if (!operators[subject.type].includes(op))
    throw invalidQuery("the operator is not supported for the field", details);
  const expected = op === "between" ? 2 : op === "in" ? values.length : 1;
  if (values.length !== expected || values.some((value) => value.trim() === ""))
    throw invalidQuery("the value given is not valid for the operator", details);
  const keys = values.map((value) => comparisonKey(subject.type, value.trim()));
  if (keys.includes(undefined))
    throw invalidQuery("the value given is not valid for the field", details);
  const compare = comparers[op];
  if (!compare) throw invalidQuery("the operator is not supported for the field", details);
  const texts = values.map((value) => value.trim());
  return (record) => compare(subject, subject.read(record), texts);
}

/** The value by which two values of a type compare: text lower-cased. Undefined when it is not valid for the type. */
function comparisonKey(type: Field["type"], value: string): string | number | undefined {
  switch (type) {
    case "datetime":
      return readStamp(value);
    case "date":
      return /^\d{4}-\d\d-\d\d$/.test(value) ? value : undefined;
    case "integer":
    case "double":
    case "decimal":
    case "formula":
    case "currency":
      return Number.isFinite(Number(value)) ? Number(value) : undefined;
    case "bigint":
      return /^\d+$/.test(value) ? value.padStart(20, "0") : undefined;
    case "boolean":
      return value === "true" || value === "false" ? value : undefined;
    default:
      return value.toLowerCase();
  }
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** A stored value as text; a lookup is its name. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(" ");
  if (isObject(value)) return asText(value["name"]);
  return value === null || value === undefined ? "" : String(value);
}

const comparedByWord = new Set<Field["type"]>(["text", "textarea", ...lookupTypes, "tag"]);

/** On text, `equals` is true when the record has every word of the value, among other words or not. */
function equals(subject: Subject, found: unknown, wanted: string): boolean {
  const text = textOf(found);
  if (text === "") return false;
  if (idOf(found) === wanted) return true;
  if (!comparedByWord.has(subject.type))
    return comparisonKey(subject.type, text) === comparisonKey(subject.type, wanted);
  const present = new Set(wordsOf(text));
  const required = wordsOf(wanted);
  if (required.length === 0) return text.toLowerCase() === wanted.toLowerCase();
  return required.every((word) => present.has(word));
}

type Comparer = (subject: Subject, found: unknown, values: readonly string[]) => boolean;

function byOrder(holds: (a: string | number, b: string | number) => boolean): Comparer {
  return ({ type }, found, [value = ""]) => {
    const a = found === null ? undefined : comparisonKey(type, textOf(found));
    const b = comparisonKey(type, value);
    return a !== undefined && a !== "" && b !== undefined && holds(a, b);
  };
}

const atLeast = byOrder((a, b) => a >= b);
const atMost = byOrder((a, b) => a <= b);

const comparers: Record<string, Comparer> = {
  equals: (subject, found, [value = ""]) => equals(subject, found, value),
  not_equal: (subject, found, [value = ""]) => !equals(subject, found, value),
  in: (subject, found, values) => values.some((value) => equals(subject, found, value)),
  starts_with: (_, found, [value = ""]) =>
    textOf(found).toLowerCase().startsWith(value.toLowerCase()),
  greater_than: byOrder((a, b) => a > b),
  greater_equal: atLeast,
  less_than: byOrder((a, b) => a < b),
  less_equal: atMost,
  between: (subject, found, [low = "", high = ""]) =>
    atLeast(subject, found, [low]) && atMost(subject, found, [high]),
};

function fieldsOfType(def: ModuleDef, types: readonly Field["type"][]): Field[] {
  return def.fields.filter((field) => types.includes(field.type));
}

export function byEmail(def: ModuleDef, email: string): RecordTest {
  const fields = fieldsOfType(def, ["email"]);
  const wanted = email.trim().toLowerCase();
  return (record) =>
    fields.some((field) => asText(record[field.api_name]).toLowerCase() === wanted);
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, "");
}

/** Compares digits only. */
export function byPhone(def: ModuleDef, phone: string): RecordTest {
  const fields = fieldsOfType(def, ["phone"]);
  const wanted = digitsOf(phone);
  if (wanted === "") return () => false;
  return (record) => fields.some((field) => digitsOf(asText(record[field.api_name])) === wanted);
}

const searchedByWord: readonly Field["type"][] = [
  "text",
  "textarea",
  "email",
  "phone",
  "website",
  "picklist",
  ...lookupTypes,
  "tag",
];

/** True when every word of the query is the beginning of some word in the record, in any field. */
export function byWord(def: ModuleDef, query: string): RecordTest {
  const fields = fieldsOfType(def, searchedByWord);
  const wanted = wordsOf(query);
  if (wanted.length === 0) return () => false;
  return (record) => {
    const text = fields.map((field) => textOf(record[field.api_name])).join("\n");
    // Splitting into words is slow: most records are ruled out before.
    const lower = text.toLowerCase();
    if (!wanted.every((word) => lower.includes(word))) return false;
    const present = wordsOf(lower);
    return wanted.every((word) => present.some((entry) => entry.startsWith(word)));
  };
}
