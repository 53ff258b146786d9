import { typeOf } from "../bigin/field-types.ts";
import type { Described } from "../bigin/schema/describe.ts";
import { type Field, type Schema, skippedFields } from "../bigin/schema/fields.ts";
import type { TeamPipeline } from "../bigin/schema/pipelines.ts";
import { cleanText } from "../shared/clean-text.ts";
import { runsOf } from "../shared/row-numbers.ts";
import { cutTo, fitting, roomBeside, tokensOf } from "./budget.ts";
import { shortened } from "./untrusted-text.ts";

/** Keeps the description of a whole module under 900 tokens by exact count. */
const describedTokens = 940;
/** How many options of each field are shown: the first of these numbers with which all fields fit. */
const optionsShown = [8, 3, 0] as const;

/** Tokens of the line that says how many fields are left out, and of up to twenty type names before custom fields. */
const leftTokens = 30;
const typesAtMost = 120;
const longestLabel = 60;

const parts = ["pipelines", "related_lists", "views"] as const;
type ModulePart = (typeof parts)[number];
/** The tokens of each part in a description; the fields get the rest. */
const shares: Readonly<Record<ModulePart, number>> = {
  pipelines: 330,
  related_lists: 60,
  views: 100,
};

/** A module's fields, pipelines, related lists and views. If not everything fits, it says how to get the rest. */
export function describeModule(
  described: Described,
  replyTokens: number,
): Record<string, unknown> & { module: string } {
  const { schema, pipelines } = described;
  const budget = Math.min(describedTokens, replyTokens);
  const shown = parts.map((part) => {
    const room = (shares[part] * budget) / describedTokens;
    return partWithin(part, described, room, `: call with "field":"${part}"`);
  });
  const notChecked = notCheckedOf(described);
  const rest = {
    ...Object.assign({}, ...shown),
    ...(notChecked && { not_checked: notChecked }),
  };
  const skip = new Set(pipelines.length > 0 ? ["Stage", "Sub_Pipeline"] : []);
  const room = roomBeside({ module: schema.module, ...rest }, budget);
  return { module: schema.module, fields: fieldsWithin(schema, skip, room), ...rest };
}

/** What the description does not have because it could not be read. */
function notCheckedOf({ schema, missing }: Described): string | undefined {
  if (!schema.checked)
    return "These are Bigin's standard fields: this connection may not read the organisation's own.";
  const all = [...(schema.skipped > 0 ? [skippedFields(schema.skipped)] : []), ...missing];
  return all.length > 0 ? `This connection could not read: ${all.join(", ")}.` : undefined;
}

/** The part of a description that a caller means by a name; undefined if a field has that name, or no part has. */
export function partNamed({ fields }: Schema, name: string): ModulePart | undefined {
  const wanted = name.trim().toLowerCase().replace(" ", "_");
  const isField = fields.some((field) =>
    [field.apiName, field.label].some((one) => one.toLowerCase() === wanted),
  );
  return isField ? undefined : parts.find((part) => part === wanted);
}

/** One part of a description, as much of it as fits into the reply. */
export function describePart(part: ModulePart, described: Described, replyTokens: number) {
  return partWithin(part, described, roomBeside([], replyTokens), "");
}

/** `seeRest` is added to the number of entries that are left out. */
function partWithin(
  part: ModulePart,
  { pipelines, relatedLists, views }: Described,
  room: number,
  seeRest: string,
): Record<string, unknown> {
  if (part === "pipelines") return pipelinesWithin(pipelines, room, seeRest);
  const items =
    part === "views"
      ? views.map((view) => `${view.id} ${view.display_value || view.name}`)
      : relatedLists.map((list) => list.api_name);
  return { [part]: cutTo(items, room, (count) => `… and ${count} more${seeRest}`) };
}

/** Team pipelines with their sub-pipelines and the stages of each. */
function pipelinesWithin(
  pipelines: readonly TeamPipeline[],
  room: number,
  seeRest: string,
): Record<string, unknown> {
  if (pipelines.length === 0) return {};
  const all = pipelines.flatMap(({ name, subPipelines }) =>
    subPipelines.map((one) => [name, one.label, one.stages.map(({ label }) => label).join(", ")]),
  );
  const shown = all.slice(0, fitting(all, room));
  const left = all.length - shown.length;
  const named = [...new Set(shown.map(([name]) => name))].map((name) => ({
    name,
    stages: Object.fromEntries(
      shown.filter(([one]) => one === name).map(([, label, stages]) => [label, stages]),
    ),
  }));
  return {
    pipelines: named,
    ...(left > 0 && {
      pipelines_left: `${left} more ${left === 1 ? "sub-pipeline" : "sub-pipelines"}${seeRest}`,
    }),
  };
}

/** The first form of the fields that fits: with many options, with few, custom fields by type, names alone. */
function fieldsWithin({ fields }: Schema, skip: ReadonlySet<string>, room: number): string[] {
  const line = (options: number) => (field: Field) =>
    fieldLine(field, skip.has(field.apiName) ? 0 : options);
  const main = fields.filter((field) => !field.custom || field.mandatory);
  const custom = fields.filter((field) => !main.includes(field));
  const byType = linesByType(custom);
  for (const options of optionsShown) {
    const lines = fields.map(line(options));
    if (tokensOf(lines) <= room) return lines;
  }
  for (const options of optionsShown) {
    const lines = [...main.map(line(options)), ...byType];
    if (tokensOf(lines) <= room) return lines;
  }
  const first = main.toSorted((a, b) => Number(b.mandatory) - Number(a.mandatory)).map(line(0));
  const shown = first.slice(0, fitting(first, room - leftTokens));
  const names = custom.map((field) => nameOf(field) + labelOf(field));
  const some = custom.slice(0, fitting(names, room - typesAtMost - tokensOf(shown)));
  const left = fields.length - shown.length - some.length;
  return [...shown, ...linesByType(some), `… and ${left} more; name one in "field" to see it`];
}

/** `API name (label if it differs): type*!, options or target`. */
function fieldLine(field: Field, options: number): string {
  return `${nameOf(field)}${labelOf(field)}: ${field.type}${detailOf(field, options)}`;
}

function labelOf(field: Field): string {
  const isSame = field.apiName.replaceAll("_", " ").toLowerCase() === field.label.toLowerCase();
  return isSame ? "" : ` (${shortened(field.label, longestLabel)})`;
}

function nameOf(field: Field): string {
  return field.apiName + (field.mandatory ? "*" : "") + (field.readOnly ? "!" : "");
}

function detailOf(field: Field, options: number): string {
  const { example } = typeOf(field);
  if (example && options > 0) return ` such as "${example}"`;
  if (field.target) return ` → ${field.target}`;
  if (field.options.length === 0 || options === 0) return "";
  const shown = field.options.slice(0, options).map((option) => option.label);
  const isCut = field.options.length > options || !field.allOptions;
  return ` ${shown.join(" | ")}${isCut ? " | …" : ""}`;
}

/** One line for all fields of a type: `text: Region (Area), Extra_{1,3..5}!`. */
function linesByType(fields: readonly Field[]): string[] {
  const byType = groupBy(fields, (field) => `${field.type}${detailOf(field, 0)}`);
  return [...byType].map(([type, members]) => `${type}: ${compactNames(members).join(", ")}`);
}

/** Names of fields. Three or more that differ only in a final number share one entry. */
function compactNames(fields: readonly Field[]): string[] {
  const stemOf = ({ apiName }: Field) => apiName.replace(/\d+$/, "");
  const series = groupBy(fields, (field) =>
    labelOf(field) === "" ? `${stemOf(field)}{}${field.readOnly ? "!" : ""}` : field.apiName,
  );
  return [...series].flatMap(([form, members]) => {
    if (members.length < 3) return members.map((one) => nameOf(one) + labelOf(one));
    const numbers = members.map((one) => Number(one.apiName.slice(stemOf(one).length)));
    return [form.replace("{}", `{${numbersIn(numbers)}}`)];
  });
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function numbersIn(numbers: readonly number[]): string {
  return runsOf(numbers.toSorted((a, b) => a - b))
    .map(([first, last]) => (first === last ? first : `${first}..${last}`))
    .join(",");
}

/** How some items of a list are changed (src/bigin/write/list-changes.ts). */
const listChange = '{"add":["…"],"remove":["…"]}';

/** Everything about one field, with as many of its options as fit into the reply. */
export function describeField(field: Field, replyTokens: number): Record<string, unknown> {
  const facts = {
    api_name: field.apiName,
    label: field.label,
    type: field.type,
    mandatory: field.mandatory,
    read_only: field.readOnly,
    unique: field.unique,
    searchable: field.searchable,
    ...(field.maxLength && { max_length: field.maxLength }),
    ...(field.target && { looks_up: field.target }),
    ...(typeOf(field).example && { example: typeOf(field).example }),
    ...(typeOf(field).isItem && { change: listChange }),
    ...(!field.allOptions && { not_checked: "some options could not be read" }),
  };
  const options = field.options.map(({ value, label }) => {
    const stored = cleanText(value);
    return stored === label ? label : `${label} (stored as ${stored})`;
  });
  const left = (count: number) => `… and ${count} more; each can be used by its label`;
  const room = roomBeside(facts, replyTokens) - 40;
  return { ...facts, ...(options.length > 0 && { options: cutTo(options, room, left) }) };
}
