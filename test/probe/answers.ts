import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

// One request to Maton or Bigin, and what may be shown of its answer: keys, types, codes, and words of Zoho's schema.

export type Json = Record<string, unknown>;

export interface Answer {
  /** 0 if there was no answer. */
  status: number;
  /** The error code of Zoho or Maton, or of the network; empty if there is none. */
  code: string;
  /** Undefined if it is not JSON. */
  body: unknown;
  /** The objects in the first list of the body. */
  rows: Json[];
}

/** Sends a request. `{name}` in the path stands for a value, so that the path itself can be shown. */
export type Send = (
  method: string,
  path: string,
  values?: Readonly<Record<string, string>>,
  body?: object,
) => Promise<Answer>;

export function createSend(to: {
  gatewayUrl: string;
  controlUrl: string;
  key: string;
  connection: string | undefined;
  pauseMs: number;
}): Send {
  const base = `${to.gatewayUrl}/zoho-bigin/bigin/v2`;
  const chosen = to.connection === undefined ? {} : { "maton-connection": to.connection };
  return async (method, path, values = {}, body) => {
    await setTimeout(to.pauseMs);
    const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name] ?? ""));
    const isControl = path.startsWith("connections");
    try {
      const response = await fetch(`${isControl ? to.controlUrl : base}/${filled}`, {
        method,
        redirect: "manual",
        signal: AbortSignal.timeout(30_000),
        headers: {
          authorization: `Bearer ${to.key}`,
          ...(!isControl && chosen),
          ...(body && { "content-type": "application/json" }),
        },
        body: body ? JSON.stringify(body) : null,
      });
      return answerOf(response.status, await response.text());
    } catch (error) {
      const { name, cause } = Object(error);
      const code = codeIn(cause) || (name === "TimeoutError" ? "TIMEOUT" : "");
      return { status: 0, code, body: undefined, rows: [] };
    }
  };
}

function answerOf(status: number, text: string): Answer {
  const body = parsed(text);
  const list = Object.values(Object(body)).find(Array.isArray);
  const rows = (list ?? []).filter(isObject);
  const [row] = rows.filter((one) => one["status"] === "error" || one["status"] === "success");
  const code = codeIn(body) || codeIn(Object(body).error) || codeIn(row);
  return { status, code, body, rows };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A code of Zoho (`INVALID_DATA`) or Maton (401). Anything else under this key is not shown. */
function codeIn(holder: unknown): string {
  const code = String(Object(holder).code ?? "");
  return /^([A-Z][A-Z0-9_]{1,60}|\d{3})$/.test(code) ? code : "";
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects in a list that an object holds. */
export function listIn(holder: unknown, key: string): Json[] {
  const list = Object(holder)[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** Empty if the object has no usable id. */
export function idOf(value: unknown): string {
  const { id } = Object(value);
  return typeof id === "string" && /^\d+$/.test(id) ? id : "";
}

/** Keys that are not an organisation's own: those recorded live, and those that the sources name. */
const knownKeys = new Set(
  (
    "Parent_Id Note_Title Note_Content What_Id Who_Id Related_To Contact_Name se_module duplicate_record index " +
    "param_name param json_path resource_path_index expected_data_type maximum_length limit reason operator " +
    "connections connection connection_id creation_time last_updated_time url app method metadata error type trace_id"
  ).split(" "),
);
const recorded = new URL("../fixtures/recorded/", import.meta.url);
for (const file of readdirSync(recorded))
  JSON.parse(readFileSync(new URL(file, recorded), "utf8"), (key, value) => {
    knownKeys.add(key);
    return value;
  });

/**
 * The merged shape of several values: `{id: string, name?: string|null, rows[]: {…}}`. Metadata have no keys of an
 * organisation's own, so all of theirs are shown.
 */
export function shapeOf(values: readonly unknown[], depth: number, isMetadata: boolean): string {
  const objects = values.filter(isObject);
  const lists = values.filter(Array.isArray);
  const scalars = values.filter((value) => !isObject(value) && !Array.isArray(value));
  const kinds = scalars.map((value) => (value === null ? "null" : typeof value));
  return [
    ...(objects.length > 0 ? [depth > 0 ? objectShape(objects, depth, isMetadata) : "{…}"] : []),
    ...(lists.length > 0 ? [`[${shapeOf(lists.flat(), depth, isMetadata)}]`] : []),
    ...new Set(kinds.toSorted().toReversed()),
  ].join("|");
}

function objectShape(objects: readonly Json[], depth: number, isMetadata: boolean): string {
  const keys = [...new Set(objects.flatMap(Object.keys))];
  const isShown = (key: string) =>
    /^\$?[A-Za-z]\w{0,49}$/.test(key) && (isMetadata || key.startsWith("$") || knownKeys.has(key));
  const shown = keys.filter(isShown).map((key) => {
    const values = objects.filter((one) => Object.hasOwn(one, key)).map((one) => one[key]);
    const mark = values.length < objects.length ? "?" : "";
    const areLists = values.every(Array.isArray);
    const inner = shapeOf(areLists ? values.flat() : values, depth - 1, isMetadata);
    return areLists ? `${key}${mark}[]: ${inner || "nothing"}` : `${key}${mark}: ${inner}`;
  });
  const hidden = keys.length - shown.length;
  return `{${[...shown, ...(hidden > 0 ? [`${hidden} more keys`] : [])].join(", ")}}`;
}

const schemaWords = new Set(
  (
    "All Open Closed Upcoming Invited Secondary Associated Contacts Contact Accounts Companies Pipelines Deals " +
    "Products Tasks Events Calls Activities Notes Attachments Emails Social History Stage Timeline Roles"
  ).split(" "),
);

/** Names made of words of Zoho's own schema; others, which may be an organisation's, are only counted. */
export function schemaNames(names: readonly unknown[]): string {
  const texts = [...new Set(names)].filter((name) => typeof name === "string");
  const known = texts.filter((name) => name.split(/[ _]/).every((word) => schemaWords.has(word)));
  return counted(known, texts.length - known.length);
}

/** Names, and the number of those that are not shown. */
export function counted(names: readonly string[], others = 0): string {
  const rest = others > 0 ? [`${others} more`] : [];
  return [...names.toSorted(), ...rest].join(", ") || "none";
}
