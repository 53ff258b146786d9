import { BiginError } from "./errors.ts";

export interface Condition {
  readonly kind: "condition";
  readonly field: string;
  readonly op: string;
  /** Unescaped; more than one only where the criterion has bare commas. */
  readonly values: readonly string[];
}

interface Group {
  readonly kind: "group";
  readonly connector: "and" | "or";
  readonly left: Criteria;
  readonly right: Criteria;
}

export type Criteria = Condition | Group;

export const invalidQuery = (reason: string, more: Record<string, unknown> = {}) =>
  new BiginError(400, "INVALID_QUERY", "invalid query formed", { reason, ...more });

const MAX_CRITERIA = 10;
const MAX_DEPTH = 20;

interface Cursor {
  readonly text: string;
  at: number;
  conditions: number;
}

/**
 * Reads `((Field:op:value)and|or(Field:op:value))`. `(`, `)`, `,` and `\` inside a value are
 * written with a backslash; connectors bind from left to right, parentheses decide otherwise.
 */
export function parseCriteria(text: string): Criteria {
  const cursor: Cursor = { text: text.trim(), at: 0, conditions: 0 };
  const parsed = sequence(cursor, 0);
  if (cursor.at < cursor.text.length) throw invalidQuery("unexpected text after the criteria");
  return parsed;
}

function sequence(cursor: Cursor, depth: number): Criteria {
  let left = unit(cursor, depth);
  for (let connector = readConnector(cursor); connector; connector = readConnector(cursor)) {
    left = { kind: "group", connector, left, right: unit(cursor, depth) };
  }
  return left;
}

function readConnector(cursor: Cursor): "and" | "or" | undefined {
  const match = /^\s*(and|or)\s*/i.exec(cursor.text.slice(cursor.at));
  if (!match) return undefined;
  cursor.at += match[0].length;
  return match[1]?.toLowerCase() === "or" ? "or" : "and";
}

function unit(cursor: Cursor, depth: number): Criteria {
  if (depth > MAX_DEPTH) throw invalidQuery("criteria nested too deep");
  expect(cursor, "(");
  const inner = cursor.text[cursor.at] === "(" ? sequence(cursor, depth + 1) : condition(cursor);
  expect(cursor, ")");
  return inner;
}

function expect(cursor: Cursor, char: string): void {
  if (cursor.text[cursor.at] !== char) {
    throw invalidQuery(`'${char}' expected at position ${cursor.at}`);
  }
  cursor.at += 1;
}

function condition(cursor: Cursor): Condition {
  const head = /^\s*([A-Za-z_][\w.]*)\s*:\s*([a-z_]+)\s*:/.exec(cursor.text.slice(cursor.at));
  const [whole = "", field = "", op = ""] = head ?? [];
  if (!head) throw invalidQuery(`a criterion expected at position ${cursor.at}`);
  cursor.at += whole.length;
  cursor.conditions += 1;
  if (cursor.conditions > MAX_CRITERIA) {
    throw new BiginError(400, "LIMIT_EXCEEDED", "criteria limit exceeded", { limit: MAX_CRITERIA });
  }
  return { kind: "condition", field, op, values: values(cursor) };
}

function values(cursor: Cursor): string[] {
  const found = [""];
  const append = (char: string): void => {
    found.push((found.pop() ?? "") + char);
  };
  for (; cursor.at < cursor.text.length; cursor.at += 1) {
    const char = cursor.text[cursor.at] ?? "";
    if (char === ")") return found;
    if (char === "(") break;
    if (char === "\\") {
      cursor.at += 1;
      append(cursor.text[cursor.at] ?? "");
    } else if (char === ",") found.push("");
    else append(char);
  }
  throw invalidQuery("unbalanced or unescaped parenthesis in a value");
}
