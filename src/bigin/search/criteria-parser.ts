import { badArguments, type Failure } from "../../shared/failure.ts";
import { operators } from "../field-types.ts";
import type { Filter } from "./filters.ts";

/** Filters joined as an agent wrote them. */
export type Written = Filter | { every: Written[] } | { some: Written[] };

/** More than anybody writes, and little enough to be read at once. */
const longest = 20_000;
const deepest = 20;
const conditionsAtMost = 50;

type Token = "(" | ")" | "and" | "or" | { condition: string };

/**
 * Reads criteria an agent wrote, `((Field:op:value)and(Field:op:value))`, into filters, so that their fields and
 * values are checked like any others. A backslash takes the next character as it is.
 */
export function readCriteria(text: string): Written {
  if (text.length > longest) throw unreadable(`they are longer than ${longest} characters`);
  const tokens = tokensOf(text);
  const conditions = tokens.filter((token) => typeof token === "object").length;
  if (conditions > conditionsAtMost)
    throw unreadable(
      `they hold ${conditions} conditions, and at most ${conditionsAtMost} are taken`,
    );
  const written = readGroup(tokens, 1);
  if (tokens.length > 0) throw unreadable("something follows the last parenthesis");
  return written;
}

/** A condition ends at the first parenthesis that no backslash protects. */
const condition = /^(?:\\[\s\S]|[^\\()])+/;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const word = /^(and|or)(?=\s*\()/i.exec(rest)?.[0];
    const raw = condition.exec(rest)?.[0];
    const sign = rest[0] === "(" || rest[0] === ")" ? rest[0] : undefined;
    const taken = sign ?? word ?? raw ?? rest;
    tokens.push(
      sign ?? (word ? (word.toLowerCase() === "and" ? "and" : "or") : { condition: taken }),
    );
    rest = rest.slice(taken.length).trimStart();
  }
  return tokens;
}

function readGroup(tokens: Token[], depth: number): Written {
  if (depth > deepest) throw unreadable(`parentheses stand more than ${deepest} deep`);
  if (tokens.shift() !== "(") throw unreadable("each condition stands in parentheses");
  const next = tokens[0];
  const written = next === "(" ? readList(tokens, depth) : readCondition(tokens.shift());
  if (tokens.shift() !== ")") throw unreadable("a closing parenthesis is missing");
  return written;
}

function readList(tokens: Token[], depth: number): Written {
  const parts = [readGroup(tokens, depth + 1)];
  const words = new Set<Token>();
  while (tokens[0] === "and" || tokens[0] === "or") {
    words.add(tokens[0]);
    tokens.shift();
    parts.push(readGroup(tokens, depth + 1));
  }
  if (words.size > 1)
    throw unreadable("and and or are mixed; put one of them in parentheses of its own");
  const [only] = parts;
  if (only && parts.length === 1) return only;
  return words.has("or") ? { some: parts } : { every: parts };
}

function readCondition(token: Token | undefined): Filter {
  const text = typeof token === "object" ? token.condition : "";
  const [, field, name, value] = /^([^:]+):([^:]+):([\s\S]*)$/.exec(text) ?? [];
  const op = operators.find((one) => one === name?.trim());
  if (!field || !op || value === undefined)
    throw unreadable(
      `"${text}" is no condition Field:operator:value; operators are ${operators.slice(0, 10).join(", ")}`,
    );
  return {
    field: field.trim(),
    op,
    value: ["in", "not_in", "between"].includes(op) ? severalValues(value) : unescaped(value),
  };
}

/** The values as a JSON array, the form in which filters hold several whatever they contain. */
function severalValues(text: string): string {
  const parts = text.match(/(?:\\[\s\S]|[^\\,])+/g) ?? [];
  return JSON.stringify(parts.map((part) => unescaped(part.trim())));
}

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, "$1");
}

function unreadable(what: string): Failure {
  return badArguments(
    `The criteria cannot be read: ${what}. They look like ((Field:equals:value)and(Field:in:a,b)).`,
  );
}
