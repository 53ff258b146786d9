import { BiginError } from "./errors.ts";

export interface Condition {
  readonly kind: "condition";
  readonly field: string;
  readonly op: string;
  /** Unescaped. More than one only where the criterion has unescaped commas. */
  readonly values: readonly string[];
}

interface Group {
  readonly kind: "group";
  readonly connector: "and" | "or";
  readonly left: Criteria;
  readonly right: Criteria;
}

export type Criteria = Condition | Group;

const maxCriteria = 10;
const maxDepth = 20;

interface Cursor {
  readonly text: string;
  at: number;
  conditions: number;
}

/**
 * Parses `((Field:op:value)and|or(Field:op:value))`. `(`, `)`, `,` and `\` inside a value are escaped with a
 * backslash. Connectors associate to the left; parentheses override. Throws INVALID_QUERY or LIMIT_EXCEEDED.
 */
export function parseCriteria(text: string): Criteria {
  const cursor: Cursor = { text: text.trim(), at: 0, conditions: 0 };
  const parsed = readSequence(cursor, 0);
  if (cursor.at < cursor.text.length) throw invalidQuery("unexpected text after the criteria");
  return parsed;
}

export function invalidQuery(reason: string, more: Record<string, unknown> = {}): BiginError {
  return new BiginError(400, "INVALID_QUERY", "invalid query formed", { reason, ...more });
}

function readSequence(cursor: Cursor, depth: number): Criteria {
  let left = readUnit(cursor, depth);
  for (let connector = readConnector(cursor); connector; connector = readConnector(cursor))
    left = { kind: "group", connector, left, right: readUnit(cursor, depth) };
  return left;
}

function readConnector(cursor: Cursor): "and" | "or" | undefined {
  const match = /^\s*(and|or)\s*/i.exec(cursor.text.slice(cursor.at));
  if (!match) return undefined;
  cursor.at += match[0].length;
  return match[1]?.toLowerCase() === "or" ? "or" : "and";
}

function readUnit(cursor: Cursor, depth: number): Criteria {
  if (depth > maxDepth) throw invalidQuery("criteria nested too deep");
  expectChar(cursor, "(");
  const isGroup = cursor.text[cursor.at] === "(";
  const inner = isGroup ? readSequence(cursor, depth + 1) : readCondition(cursor);
  expectChar(cursor, ")");
  return inner;
}

function expectChar(cursor: Cursor, char: string): void {
  if (cursor.text[cursor.at] !== char)
    throw invalidQuery(`'${char}' expected at position ${cursor.at}`);
  cursor.at += 1;
}

function readCondition(cursor: Cursor): Condition {
  const head = /^\s*([A-Za-z_][\w.]*)\s*:\s*([a-z_]+)\s*:/.exec(cursor.text.slice(cursor.at));
  const [whole = "", field = "", op = ""] = head ?? [];
  if (!head) throw invalidQuery(`a criterion expected at position ${cursor.at}`);
  cursor.at += whole.length;
  cursor.conditions += 1;
  if (cursor.conditions > maxCriteria)
    throw new BiginError(400, "LIMIT_EXCEEDED", "criteria limit exceeded", { limit: maxCriteria });
  return { kind: "condition", field, op, values: readValues(cursor) };
}

/** Reads up to the closing parenthesis, which stays unread. */
function readValues(cursor: Cursor): string[] {
  const values: string[] = [];
  let value = "";
  for (; cursor.at < cursor.text.length; cursor.at += 1) {
    const char = cursor.text[cursor.at] ?? "";
    if (char === ")") return [...values, value];
    if (char === "(") break;
    if (char === "\\") {
      cursor.at += 1;
      value += cursor.text[cursor.at] ?? "";
    } else if (char === ",") {
      values.push(value);
      value = "";
    } else value += char;
  }
  throw invalidQuery("unbalanced or unescaped parenthesis in a value");
}
