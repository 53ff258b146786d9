import { shownWhen } from "../bigin/dates/spans.ts";
import { defaultColumns } from "../bigin/schema/columns.ts";
import { caveatOf, fieldNamed, type Schema } from "../bigin/schema/fields.ts";
import { type Condition, conditionsOf, type Operand, type Tree } from "../bigin/search/filters.ts";
import { cutTo } from "./budget.ts";
import type { ReplyContext } from "./results.ts";
import type { Renderer } from "./table.ts";

const leastTokens = 120;
const wordsShown = 5;

/** What a tool needs to show records of a module: its schema, the fields to show, and how to show them. */
export interface View {
  schema: Schema;
  /** API names. */
  fields: readonly string[];
  /** True if the caller named the fields. */
  named: boolean;
  renderer: Renderer;
  /** Said once in the reply if something could not be checked. */
  caveat: { not_checked?: string };
}

/** Resolves the fields a caller named by label or API name, or takes the module's main ones. */
export async function viewOf(
  module: string,
  named: readonly string[] | undefined,
  context: ReplyContext,
): Promise<View> {
  const schema = await context.bigin.understand.schema(module);
  // Keys with a $ belong to the engine and are in no metadata.
  const fields = named?.map((name) =>
    name.startsWith("$") || name === "id" ? name : fieldNamed(schema, name).apiName,
  );
  return {
    schema,
    fields: fields ?? defaultColumns(schema),
    named: fields !== undefined,
    renderer: await createRendererFor(schema, context),
    caveat: caveatOf(schema),
  };
}

/** Renders records of a module in the organisation's time zone. */
export async function createRendererFor(
  schema: Schema,
  { bigin }: Pick<ReplyContext, "bigin">,
): Promise<Renderer> {
  // Loaded with the first reply: it needs the time zones, which cost a start 20 ms.
  const { createRenderer } = await import("./table.ts");
  return createRenderer(schema, await bigin.understand.zone());
}

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
