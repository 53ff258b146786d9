import { BiginError } from "./errors.ts";
import { asText, type Field, idOf, isObject } from "./schema.ts";
import type { SandboxStore } from "./store.ts";
import { isDate, readStamp, stamp } from "./time.ts";

/** A parent record to create for a lookup given as text, once the whole row has been accepted. */
export class PendingParent {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}

/** Where a value of a row goes. */
export interface FieldInput {
  readonly store: SandboxStore;
  readonly field: Field;
  /** Position of the row in the request, for `json_path` in errors. */
  readonly index: number;
  /** The module that a "*" lookup points at, from `$se_module`; for tags, the record's own module. */
  readonly module: string | undefined;
}

/** The error of one row, which names a field and its place in the request. */
export function itemError(
  code: string,
  message: string,
  name: string,
  index: number,
  more: Record<string, unknown> = {},
): BiginError {
  const json_path = `$.data[${index}].${name}`;
  return new BiginError(400, code, message, { ...more, api_name: name, json_path });
}

function invalidValue(
  input: FieldInput,
  more: Record<string, unknown>,
  message = "invalid data",
): BiginError {
  return itemError("INVALID_DATA", message, input.field.api_name, input.index, more);
}

function wrongType(input: FieldInput, expected: string): BiginError {
  return invalidValue(input, { expected_data_type: expected });
}

type Reader = (value: unknown, input: FieldInput) => unknown;

function textReader(expected: string, isValid: (text: string) => boolean = () => true): Reader {
  return (value, input) => {
    if (typeof value !== "string" || !isValid(value)) throw wrongType(input, expected);
    if (value.length > input.field.length)
      throw invalidValue(input, { maximum_length: input.field.length });
    return value === "" ? null : value;
  };
}

function numberReader(expected: string, whole = false): Reader {
  return (value, input) => {
    if (typeof value !== "number" || !Number.isFinite(value)) throw wrongType(input, expected);
    if (whole && !Number.isInteger(value)) throw wrongType(input, expected);
    if (String(Math.trunc(Math.abs(value))).length > input.field.length)
      throw invalidValue(input, { maximum_length: input.field.length });
    return value;
  };
}

const emailPattern = /^[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>().]{2,}$/;

const readers: Record<Field["type"], Reader> = {
  text: textReader("text"),
  textarea: textReader("text"),
  phone: textReader("phone"),
  website: textReader("website"),
  email: textReader("email", (text) => text === "" || emailPattern.test(text)),
  picklist,
  multiselectpicklist: (value, input) => {
    if (!Array.isArray(value)) throw wrongType(input, "jsonarray");
    return value.map((one) => picklist(one, input));
  },
  boolean: (value, input) => {
    if (typeof value !== "boolean") throw wrongType(input, "boolean");
    return value;
  },
  integer: numberReader("integer", true),
  double: numberReader("double"),
  currency: numberReader("double"),
  bigint: (value, input) => {
    const text = String(value);
    if (!/^\d+$/.test(text)) throw wrongType(input, "bigint");
    return text;
  },
  date: textReader("date", isDate),
  datetime: (value, input) => {
    const ms = readStamp(asText(value));
    if (ms === undefined) throw wrongType(input, "datetime");
    return stamp(ms);
  },
  lookup,
  multi_module_lookup: lookup,
  ownerlookup: owner,
  userlookup: owner,
  decimal: numberReader("decimal"),
  mediumtext: textReader("text"),
  // Computed by Bigin.
  formula: () => undefined,
  ALARM: alarm,
  RRULE: recurrence,
  multireminder: reminders,
  multiselectlookup: secondaryContacts,
  subform: productRows,
  tag: tags,
  json: (value, input) => {
    if (typeof value !== "object") throw wrongType(input, "jsonobject");
    return value;
  },
  // Records cannot set an image; team-pipeline.ts sets the layout.
  profileimage: () => null,
  layout: () => undefined,
};

/** The value to store. Throws the error that Bigin returns for the row. */
export function readValue(value: unknown, input: FieldInput): unknown {
  return readers[input.field.type](value, input);
}

const rulePattern = /^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY);/;

function recurrence(value: unknown, input: FieldInput): unknown {
  const rule = isObject(value) ? value["RRULE"] : undefined;
  if (!rulePattern.test(asText(rule))) throw wrongType(input, "jsonobject");
  return value;
}

function alarm(value: unknown, input: FieldInput): unknown {
  const rule = isObject(value) ? value["ALARM"] : undefined;
  if (!/^FREQ=\w+;ACTION=[\w&]+;TRIGGER=/.test(asText(rule))) throw wrongType(input, "jsonobject");
  return value;
}

function reminders(value: unknown, input: FieldInput): unknown {
  return expectRows(value, input).map((row) => {
    const { unit, period } = isObject(row) ? row : {};
    if (
      !/^\d+$/.test(String(unit)) ||
      !["minutes", "hours", "days", "weeks"].includes(asText(period))
    )
      throw wrongType(input, "jsonarray");
    return { unit, period };
  });
}

/** Options match exactly; an empty string is not an option. */
function picklist(value: unknown, input: FieldInput): unknown {
  if (typeof value !== "string") throw wrongType(input, "text");
  if (!input.field.options.includes(value)) throw invalidValue(input, {});
  return value;
}

const longId = /^\d{15,19}$/;

function lookup(value: unknown, input: FieldInput): unknown {
  const { store, field, module } = input;
  const target = field.target === "*" ? module : field.target;
  if (target === undefined) {
    throw itemError("MANDATORY_NOT_FOUND", "required field not found", "$se_module", input.index);
  }
  const id = typeof value === "string" ? value : idOf(value);
  if (id === undefined) throw wrongType(input, "jsonobject");
  const found = store.find(id, [target]);
  if (found) return { name: found.name, id };
  const isFreeText = typeof value === "string" && !longId.test(value) && field.target !== "*";
  if (!isFreeText) throw invalidValue(input, { id }, "the id given seems to be invalid");
  return value.trim() === "" ? null : new PendingParent(target, value.trim());
}

function owner(value: unknown, input: FieldInput): unknown {
  const id = typeof value === "string" ? value : idOf(value);
  if (id === undefined) throw wrongType(input, "jsonobject");
  const user = input.store.users().find((entry) => entry.id === id);
  if (!user?.active) throw invalidValue(input, { id }, "the owner id given is invalid");
  return input.store.userReference(id);
}

function expectRows(value: unknown, input: FieldInput): unknown[] {
  if (!Array.isArray(value)) throw wrongType(input, "jsonarray");
  return value;
}

function tags(value: unknown, input: FieldInput): unknown {
  return expectRows(value, input).map((entry) => {
    const name = isObject(entry) ? asText(entry["name"]) : asText(entry);
    if (name === "") throw wrongType(input, "jsonobject");
    return { ...input.store.tag(input.module ?? "", name) };
  });
}

function secondaryContacts(value: unknown, input: FieldInput): unknown {
  const { api_name, target } = input.field;
  return expectRows(value, input).map((entry) => {
    const inner = isObject(entry) ? (entry[api_name] ?? entry) : entry;
    const id = typeof inner === "string" ? inner : (idOf(inner) ?? "");
    const found = input.store.find(id, [target ?? ""]);
    if (!found) throw invalidValue(input, { id }, "the id given seems to be invalid");
    return { id: input.store.nextId(), [api_name]: { name: found.name, id } };
  });
}

function amount(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}

/**
 * A product line of a deal. The price defaults to the product's, the total is computed. Undefined when there is no such
 * product.
 */
export function productRow(store: SandboxStore, productId: string, given: object = {}) {
  const found = store.find(productId, ["Products"]);
  if (!found) return undefined;
  const line: Record<string, unknown> = { ...given };
  const Quantity = amount(line["Quantity"], 1);
  const List_Price = amount(line["List_Price"], amount(found.record["Unit_Price"], 0));
  const Discount = amount(line["Discount"], 0);
  return {
    id: store.nextId(),
    Product: { name: found.name, id: productId },
    Quantity,
    List_Price,
    Discount,
    Total: Math.round((Quantity * List_Price - Discount) * 100) / 100,
  };
}

function productRows(value: unknown, input: FieldInput): unknown {
  return expectRows(value, input)
    .filter((entry) => !(isObject(entry) && "_delete" in entry))
    .map((entry) => {
      const product = isObject(entry) ? entry["Product"] : undefined;
      const id = typeof product === "string" ? product : (idOf(product) ?? "");
      const line = productRow(input.store, id, isObject(entry) ? entry : {});
      if (!line) throw invalidValue(input, { id }, "the id given seems to be invalid");
      return line;
    });
}
