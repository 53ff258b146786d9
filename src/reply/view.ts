import { shownWhen } from "../bigin/dates/spans.ts";
import { moduleKey, moduleKeys } from "../bigin/schema/activity-links.ts";
import { caveatOf, fieldNamed, type Schema } from "../bigin/schema/fields.ts";
import { defaultColumns } from "../bigin/schema/standard-modules.ts";
import { type Condition, conditionsOf, type Operand, type Tree } from "../bigin/search/filters.ts";
import { nameWithId } from "../bigin/values.ts";
import { cutTo } from "./budget.ts";
import type { ReplyContext } from "./results.ts";
import type { Renderer } from "./table.ts";

/** Minimum number of tokens for the values to which filters resolved. */
const leastTokens = 120;
const wordsShown = 5;

/** How a tool shows records of a module. */
export interface View {
  schema: Schema;
  /** API names of the fields to show. */
  fields: readonly string[];
  /** True if the caller named the fields. */
  named: boolean;
  renderer: Renderer;
  /** A part of the reply that says what could not be checked. */
  caveat: { not_checked?: string };
}

/** Resolves the fields that a caller named by label or API name; without names, the module's main fields are shown. */
export async function viewOf(
  module: string,
  named: readonly string[] | undefined,
  context: ReplyContext,
): Promise<View> {
  const schema = await context.bigin.understand.schema(module);
  const fields = named?.map((name) => fieldToRead(schema, name));
  return {
    schema,
    fields: fields ?? defaultColumns(schema),
    named: fields !== undefined,
    renderer: await createRendererFor(schema, context),
    caveat: caveatOf(schema),
  };
}

/** The API name of a field. Keys with a $ belong to Bigin's engine and are not in the metadata. */
function fieldToRead(schema: Schema, name: string): string {
  if (moduleKeys.includes(name)) return moduleKey;
  return name.startsWith("$") || name === "id" ? name : fieldNamed(schema, name).apiName;
}

/** Renders records of a module in the organisation's time zone. */
export async function createRendererFor(
  schema: Schema,
  { bigin }: Pick<ReplyContext, "bigin">,
): Promise<Renderer> {
  // Imported with the first reply, because it imports luxon, which takes 20 ms.
  const { createRenderer } = await import("./table.ts");
  const { understand } = bigin;
  return createRenderer(schema, await understand.zone(), await understand.isZoneKnown());
}

/**
 * A part of the reply: the filters with a word that was resolved to a date or a record, with the resolved values. Takes
 * at most a quarter of the reply, or 120 tokens if that is more.
 */
export function resolvedIn(tree: Tree | undefined, replyTokens = 0): { resolved?: string[] } {
  const lines = tree ? conditionsOf(tree).flatMap(resolvedCondition) : [];
  const room = Math.max(leastTokens, replyTokens / 4);
  const shown = cutTo(lines, room, (count) => `… and ${count} more`);
  return lines.length > 0 ? { resolved: shown } : {};
}

function resolvedCondition({ field, op, operands }: Condition): string[] {
  const words = operands.flatMap(resolvedWord);
  const shown = words.slice(0, wordsShown).join(", ");
  const more = words.length > wordsShown ? `, … and ${words.length - wordsShown} more` : "";
  return words.length > 0 ? [`${field.apiName} ${op} ${shown}${more}`] : [];
}

function resolvedWord(operand: Operand): string[] {
  if (operand.kind === "time") return [shownWhen(operand.when)];
  if (operand.kind === "record" && operand.name !== operand.id)
    return [nameWithId(operand.name, operand.id)];
  return [];
}
