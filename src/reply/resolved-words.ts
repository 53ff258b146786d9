import { shownWhen } from "../bigin/dates/spans.ts";
import { type Condition, conditionsOf, type Operand, type Tree } from "../bigin/search/filters.ts";
import { cutTo } from "./budget.ts";

const leastTokens = 120;
const wordsShown = 5;

/** The conditions in which a word was resolved to a date or a record, as understood, within a quarter of the reply. */
export function resolvedIn(tree: Tree | undefined, replyTokens = 0): { resolved?: string[] } {
  const lines = tree ? conditionsOf(tree).flatMap(line) : [];
  const room = Math.max(leastTokens, replyTokens / 4);
  const shown = cutTo(lines, room, (count) => `… and ${count} more`);
  return lines.length > 0 ? { resolved: shown } : {};
}

function line({ field, op, operands }: Condition): string[] {
  const words = operands.flatMap(word);
  const shown = words.slice(0, wordsShown).join(", ");
  const more = words.length > wordsShown ? `, … and ${words.length - wordsShown} more` : "";
  return words.length > 0 ? [`${field.apiName} ${op} ${shown}${more}`] : [];
}

function word(operand: Operand): string[] {
  if (operand.kind === "time") return [shownWhen(operand.when)];
  if (operand.kind === "record" && operand.name !== operand.id)
    return [`${operand.name} (${operand.id})`];
  return [];
}
