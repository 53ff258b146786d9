import { badArguments, type Failure } from "../../shared/failure.ts";
import { comparisons, type Operator, operators } from "../field-types.ts";
import { criteriaCharacters, criteriaConditions, criteriaDepth } from "../limits.ts";
import type { Filter } from "./filters.ts";

/** Filters and how they are joined, as the caller gave them. */
export type GivenTree = Filter | { every: GivenTree[] } | { some: GivenTree[] };

type Token = "(" | ")" | "and" | "or" | { condition: string };

/**
 * Parses criteria in Bigin's form, `((Field:op:value)and(Field:op:value))`, into filters, so that their fields and
 * values are checked like those of any filter. A backslash escapes the next character. Fails with one sentence that
 * says what cannot be read.
 */
export function readCriteria(text: string): GivenTree {
  if (text.length > criteriaCharacters)
    throw unreadable(`they are longer than ${criteriaCharacters} characters`);
  const tokens = tokensOf(text);
  const conditions = tokens.filter((token) => typeof token === "object").length;
  if (conditions > criteriaConditions)
    throw unreadable(
      `they have ${conditions} conditions, and at most ${criteriaConditions} are allowed`,
    );
  const tree = readGroup(tokens, 1);
  if (tokens.length > 0) throw unreadable("there is text after the last parenthesis");
  return tree;
}

/** A condition ends at the first parenthesis that is not escaped. */
const condition = /^(?:\\[\s\S]|[^\\()])+/;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const word = /^(and|or)(?=\s*\()/i.exec(rest)?.[0];
    const raw = condition.exec(rest)?.[0];
    const parenthesis = rest[0] === "(" || rest[0] === ")" ? rest[0] : undefined;
    const taken = parenthesis ?? word ?? raw ?? rest;
    tokens.push(
      parenthesis ?? (word ? (word.toLowerCase() === "and" ? "and" : "or") : { condition: taken }),
    );
    rest = rest.slice(taken.length).trimStart();
  }
  return tokens;
}

function readGroup(tokens: Token[], depth: number): GivenTree {
  if (depth > criteriaDepth)
    throw unreadable(`parentheses are nested more than ${criteriaDepth} deep`);
  if (tokens.shift() !== "(") throw unreadable("each condition must be in parentheses");
  const next = tokens[0];
  const tree = next === "(" ? readList(tokens, depth) : readCondition(tokens.shift());
  if (tokens.shift() !== ")") throw unreadable("a closing parenthesis is missing");
  return tree;
}

function readList(tokens: Token[], depth: number): GivenTree {
  const parts = [readGroup(tokens, depth + 1)];
  const words = new Set<Token>();
  while (tokens[0] === "and" || tokens[0] === "or") {
    words.add(tokens[0]);
    tokens.shift();
    parts.push(readGroup(tokens, depth + 1));
  }
  if (words.size > 1)
    throw unreadable('"and" and "or" are mixed: put one of them in its own parentheses');
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
      `"${text}" is not a condition of the form Field:operator:value; operators are ${operators.slice(0, 10).join(", ")}`,
    );
  return {
    field: field.trim(),
    op,
    value: ["in", "not_in", "between"].includes(op) ? severalValues(value) : oneValue(value, op),
  };
}

/** The values as a JSON array, because only that form of a filter allows values with commas. */
function severalValues(text: string): string {
  const parts = text.match(/(?:\\[\s\S]|[^\\,])+/g) ?? [];
  return JSON.stringify(parts.map((part) => unescaped(part.trim())));
}

/** Only criteria with several values have lists: here commas and brackets are part of the text. */
function oneValue(text: string, op: Operator): string {
  const value = unescaped(text);
  return value.trim() === "" || comparisons.includes(op) ? value : JSON.stringify([value]);
}

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, "$1");
}

function unreadable(problem: string): Failure {
  return badArguments(
    `The criteria cannot be read: ${problem}. They look like ((Field:equals:value)and(Field:in:a,b)).`,
  );
}
