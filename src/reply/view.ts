import type { Place } from "../account/page-token.ts";
import type { Bigin } from "../bigin/client.ts";
import { shownWhen } from "../bigin/dates/spans.ts";
import { isMoney } from "../bigin/field-types.ts";
import { fieldsPerRequest } from "../bigin/limits.ts";
import type { Resolved } from "../bigin/names/resolved.ts";
import { moduleKey, moduleKeys } from "../bigin/schema/activity-links.ts";
import {
  caveatOf,
  currencyField,
  type Field,
  fieldNamed,
  type Schema,
} from "../bigin/schema/fields.ts";
import { defaultColumns } from "../bigin/schema/standard-modules.ts";
import { type Condition, conditionsOf, type Operand, type Tree } from "../bigin/search/filters.ts";
import type { Found } from "../bigin/search/find.ts";
import { nameWithId } from "../bigin/values.ts";
import { cutTo, fitting } from "./budget.ts";
import type { ReplyContext } from "./results.ts";
import type { Renderer } from "./table.ts";
import { briefName, createMarkers } from "./untrusted-text.ts";

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
  /** The field that was added to say which currency the amounts are in. It is left out where it is empty. */
  currency: string | undefined;
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
  const fields = named?.map((name) => fieldToRead(schema, name)) ?? defaultColumns(schema);
  const currency = currencyBeside(fields, schema);
  return {
    schema,
    fields: currency === undefined ? fields : [...fields, currency],
    named: named !== undefined,
    currency,
    renderer: await createRendererFor(schema, context),
    caveat: caveatOf(schema),
  };
}

/** The field to show next to amounts, if the organisation may have several currencies. */
function currencyBeside(fields: readonly string[], schema: Schema): string | undefined {
  const name = currencyField(schema)?.apiName;
  const isAmount = (field: Field) => fields.includes(field.apiName) && isMoney(field);
  if (name === undefined || fields.includes(name) || fields.length >= fieldsPerRequest)
    return undefined;
  return schema.fields.some(isAmount) ? name : undefined;
}

/** The API name of a field. Keys with a $ belong to Bigin's engine and are not in the metadata. */
function fieldToRead(schema: Schema, name: string): string {
  if (moduleKeys.includes(name)) return moduleKey;
  return name.startsWith("$") || name === "id" ? name : fieldNamed(schema, name).apiName;
}

/** What a search could not compare with its conditions, in words that follow "not checked". */
export function uncheckedIn(tree: Tree | undefined, { unchecked }: Found): string[] {
  const conditions = tree ? conditionsOf(tree) : [];
  const records = unchecked === 1 ? "1 record that has" : `${unchecked} records that have`;
  return [
    ...conditions.flatMap(unreadOption),
    ...(unchecked > 0
      ? [`${records} a value which cannot be compared with the filters, and may match`]
      : []),
  ];
}

/** An option that is not known, where some options could not be read. */
function unreadOption({ field, op, operands }: Condition): string[] {
  if (field.allOptions || ["starts_with", "contains"].includes(op)) return [];
  const known = new Set(field.options.map(({ value }) => value));
  const words = operands.flatMap((one) =>
    one.kind === "text" && !known.has(one.text) ? one.text : [],
  );
  return words.map((word) => `whether ${field.apiName} has the option "${word}"`);
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
  return resolvedPart(tree ? conditionsOf(tree).flatMap(resolvedCondition) : [], replyTokens);
}

/** The same for the rows of a write: what each text was taken for, once. */
export function resolvedInRows(
  resolved: readonly Resolved[] | undefined,
  replyTokens: number,
): { resolved?: string[] } {
  return resolvedPart([...new Set((resolved ?? []).map(resolvedText))], replyTokens);
}

function resolvedText(one: Resolved): string {
  const meaning = "id" in one ? `"${briefName(one.name)}" (${one.id})` : one.meaning;
  return `${one.field} "${briefName(one.text)}" → ${meaning}`;
}

function resolvedPart(lines: readonly string[], replyTokens: number): { resolved?: string[] } {
  const room = Math.max(leastTokens, replyTokens / 4);
  const shown = cutTo(lines, room, (count) => `… and ${count} more`);
  return lines.length > 0 ? { resolved: shown } : {};
}

/**
 * A part of the reply, if a search found nothing and a value of a filter may not exist: the values that do occur. Takes
 * at most a quarter of the reply.
 */
export async function unverifiedIn(
  found: Found,
  tree: Tree | undefined,
  { module, checked }: Schema,
  { bigin, place, replyTokens }: ReplyContext & { bigin: Bigin; place: Place | undefined },
): Promise<{ unverified?: string; occurring?: Record<string, unknown[]>; data?: string }> {
  if (!tree || place || found.records.length > 0) return {};
  const { doubtsAbout } = await import("../bigin/search/unverified.ts");
  const from = { reads: bigin.records, teams: bigin.understand.teams };
  const { doubts, read } = (await doubtsAbout(found, tree, module, from)) ?? {};
  if (!doubts) return {};
  const asked = doubts.map(({ field, asked }) => `${field.apiName} has ${quoted(asked)}`);
  const unverified = `Nothing was found, but it is not known whether ${asked.join(", and whether ")}.`;
  if (read === undefined) return { unverified };
  const markers = createMarkers(checked);
  const room = Math.max(leastTokens, replyTokens / 4) / doubts.length;
  const occurring = doubts.map(({ field, occurring: values }) => {
    const rows = values.map(([name, count]) => [markers.groupKey(field, name), count]);
    return [field.apiName, rows.slice(0, fitting(rows, room))] as const;
  });
  return {
    unverified: `${unverified} In ${read} records there are the values in occurring, with their counts.`,
    occurring: Object.fromEntries(occurring),
    ...markers.remark(),
  };
}

function quoted(values: readonly string[]): string {
  const shown = values.slice(0, wordsShown).map((value) => JSON.stringify(briefName(value)));
  const more = values.length > wordsShown ? ` or ${values.length - wordsShown} others` : "";
  return `${shown.join(" or ")}${more}`;
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
