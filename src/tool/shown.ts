import { type Condition, conditionsOf, type Operand, type Tree } from "../bigin/conditions.ts";
import { shownWhen } from "../bigin/days.ts";

/** The conditions in which a word was resolved to a date or a record, as they were understood. */
export function resolvedIn(tree: Tree | undefined): { resolved?: string[] } {
  const lines = tree ? conditionsOf(tree).flatMap(line) : [];
  return lines.length > 0 ? { resolved: lines } : {};
}

function line({ field, op, operands }: Condition): string[] {
  const words = operands.flatMap(word);
  return words.length > 0 ? [`${field.apiName} ${op} ${words.join(", ")}`] : [];
}

function word(operand: Operand): string[] {
  if (operand.kind === "time") return [shownWhen(operand.when)];
  if (operand.kind === "record" && operand.name !== operand.id)
    return [`${operand.name} (${operand.id})`];
  return [];
}
