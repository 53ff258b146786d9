import { BiginError } from "./errors.ts";
import { asText, type Field, idOf, isObject } from "./schema.ts";
import type { SandboxStore } from "./store.ts";
import { isDate, readStamp, stamp } from "./time.ts";

/** A parent record that a free-text lookup asks for; made only once the whole row is accepted. */
export class PendingParent {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}

export interface Cell {
  readonly store: SandboxStore;
  readonly field: Field;
  /** Position of the row in the request, which `json_path` names. */
  readonly index: number;
  /** Module a "*" lookup points at, from `$se_module`. */
  readonly seModule: string | undefined;
}

export const itemError = (
  code: string,
  message: string,
  name: string,
  index: number,
  more: Record<string, unknown> = {},
) =>
  new BiginError(400, code, message, {
    ...more,
    api_name: name,
    json_path: `$.data[${index}].${name}`,
  });

const refuse = (cell: Cell, more: Record<string, unknown>, message = "invalid data") =>
  itemError("INVALID_DATA", message, cell.field.api_name, cell.index, more);

const wrongType = (cell: Cell, expected: string) => refuse(cell, { expected_data_type: expected });

type Reader = (value: unknown, cell: Cell) => unknown;

const words =
  (expected: string, valid: (text: string) => boolean = () => true): Reader =>
  (value, cell) => {
    if (typeof value !== "string" || !valid(value)) throw wrongType(cell, expected);
    if (value.length > cell.field.length) {
      throw refuse(cell, { maximum_length: cell.field.length });
    }
    return value === "" ? null : value;
  };

const number =
  (expected: string, whole = false): Reader =>
  (value, cell) => {
    if (typeof value !== "number" || !Number.isFinite(value)) throw wrongType(cell, expected);
    if (whole && !Number.isInteger(value)) throw wrongType(cell, expected);
    if (String(Math.trunc(Math.abs(value))).length > cell.field.length) {
      throw refuse(cell, { maximum_length: cell.field.length });
    }
    return value;
  };

const EMAIL = /^[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>().]{2,}$/;

const READERS: Record<Field["type"], Reader> = {
  text: words("text"),
  textarea: words("text"),
  phone: words("phone"),
  website: words("website"),
  email: words("email", (text) => text === "" || EMAIL.test(text)),
  picklist,
  boolean: (value, cell) => {
    if (typeof value !== "boolean") throw wrongType(cell, "boolean");
    return value;
  },
  integer: number("integer", true),
  double: number("double"),
  currency: number("double"),
  bigint: words("bigint", (text) => /^\d+$/.test(text)),
  date: words("date", isDate),
  datetime: (value, cell) => {
    const ms = readStamp(asText(value));
    if (ms === undefined) throw wrongType(cell, "datetime");
    return stamp(ms);
  },
  lookup,
  ownerlookup: owner,
  multiselectlookup: secondaryContacts,
  subform: productRows,
  tag: tags,
  json: (value, cell) => {
    if (typeof value !== "object") throw wrongType(cell, "jsonobject");
    return value;
  },
  // Never set through a record, or (the team pipeline) set from several keys at once.
  profileimage: () => null,
  layout: () => undefined,
};

/** The value as it will be stored; throws the item error Bigin would answer with. */
export function readValue(value: unknown, cell: Cell): unknown {
  return READERS[cell.field.type](value, cell);
}

/** An option is its value exactly; an empty string is no option either. */
function picklist(value: unknown, cell: Cell): unknown {
  if (typeof value !== "string") throw wrongType(cell, "text");
  if (!cell.field.options.includes(value)) throw refuse(cell, {});
  return value;
}

const LONG_ID = /^\d{15,19}$/;

function lookup(value: unknown, cell: Cell): unknown {
  const { store, field, seModule } = cell;
  const target = field.target === "*" ? seModule : field.target;
  if (target === undefined) {
    throw itemError("MANDATORY_NOT_FOUND", "required field not found", "$se_module", cell.index);
  }
  const id = typeof value === "string" ? value : idOf(value);
  if (id === undefined) throw wrongType(cell, "jsonobject");
  const found = store.find(id, [target]);
  if (found) return { name: found.name, id };
  const isFreeText = typeof value === "string" && !LONG_ID.test(value) && field.target !== "*";
  if (!isFreeText) throw refuse(cell, { id }, "the id given seems to be invalid");
  return value.trim() === "" ? null : new PendingParent(target, value.trim());
}

function owner(value: unknown, cell: Cell): unknown {
  const id = typeof value === "string" ? value : idOf(value);
  if (id === undefined) throw wrongType(cell, "jsonobject");
  const user = cell.store.users().find((entry) => entry.id === id);
  if (!user?.active) throw refuse(cell, { id }, "the owner id given is invalid");
  return cell.store.userReference(id);
}

function rows(value: unknown, cell: Cell): unknown[] {
  if (!Array.isArray(value)) throw wrongType(cell, "jsonarray");
  return value;
}

function tags(value: unknown, cell: Cell): unknown {
  const module = cell.seModule ?? "";
  return rows(value, cell).map((entry) => {
    const name = isObject(entry) ? asText(entry["name"]) : asText(entry);
    if (name === "") throw wrongType(cell, "jsonobject");
    return { ...cell.store.tag(module, name) };
  });
}

function secondaryContacts(value: unknown, cell: Cell): unknown {
  const { api_name, target } = cell.field;
  return rows(value, cell).map((entry) => {
    const inner = isObject(entry) ? (entry[api_name] ?? entry) : entry;
    const id = typeof inner === "string" ? inner : (idOf(inner) ?? "");
    const found = cell.store.find(id, [target ?? ""]);
    if (!found) throw refuse(cell, { id }, "the id given seems to be invalid");
    return { id: cell.store.nextId(), [api_name]: { name: found.name, id } };
  });
}

const amount = (value: unknown, fallback: number): number =>
  typeof value === "number" ? value : fallback;

/** A product line of a deal: price from the product, total computed. */
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

function productRows(value: unknown, cell: Cell): unknown {
  return rows(value, cell)
    .filter((entry) => !(isObject(entry) && "_delete" in entry))
    .map((entry) => {
      const product = isObject(entry) ? entry["Product"] : undefined;
      const id = typeof product === "string" ? product : (idOf(product) ?? "");
      const line = productRow(cell.store, id, isObject(entry) ? entry : {});
      if (!line) throw refuse(cell, { id }, "the id given seems to be invalid");
      return line;
    });
}
