import type { Described } from "../bigin/schema/describe.ts";
import type { Field, Schema } from "../bigin/schema/fields.ts";
import type { TeamPipeline } from "../bigin/schema/pipelines.ts";
import { cleanText } from "../shared/clean-text.ts";
import { spansOf } from "../shared/row-numbers.ts";
import { cutTo, fitting, roomBeside, tokensOf } from "./budget.ts";
import { shortened } from "./untrusted-text.ts";

/** A whole module in under 900 tokens: options go first, then the types of custom fields, then their names. */
const describedTokens = 940;
const optionsShown = [8, 3, 0] as const;

/** For the line that says how many fields are missing, and for that and the names of up to twenty types. */
const leftTokens = 30;
const typesAtMost = 120;
const longestLabel = 60;

/** Shares of a description, in tokens; the fields have the rest. */
const shares = { pipelines: 330, related_lists: 60, views: 100 } as const;
type Part = keyof typeof shares;

/** A module's fields, pipelines, related lists and views; where not all fits, what to ask for the rest. */
export function describeWithin(
  described: Described,
  replyTokens: number,
): Record<string, unknown> & { module: string } {
  const { schema, pipelines } = described;
  const budget = Math.min(describedTokens, replyTokens);
  const share = (part: Part) => (shares[part] * budget) / describedTokens;
  const parts = (Object.keys(shares) as Part[]).map((part) =>
    shownPart(part, described, share(part), ` with "field":"${part}"`),
  );
  const rest = {
    ...Object.assign({}, ...parts),
    ...(!schema.checked && {
      not_checked:
        "these are Bigin's standard fields; this connection is not granted the organisation's own",
    }),
  };
  const skip = new Set(pipelines.length > 0 ? ["Stage", "Sub_Pipeline"] : []);
  const room = roomBeside({ module: schema.module, ...rest }, budget);
  return { module: schema.module, fields: fieldsWithin(schema, skip, room), ...rest };
}

/** The part of a description that is meant where no field has this name. */
export function partNamed({ fields }: Schema, name: string): Part | undefined {
  const wanted = name.trim().toLowerCase().replace(" ", "_");
  const isField = fields.some((field) =>
    [field.apiName, field.label].some((one) => one.toLowerCase() === wanted),
  );
  return isField ? undefined : (Object.keys(shares) as Part[]).find((part) => part === wanted);
}

/** One part of a description, as far as the reply goes. */
export function describePart(part: Part, described: Described, replyTokens: number) {
  return shownPart(part, described, roomBeside([], replyTokens), "");
}

function shownPart(
  part: Part,
  { pipelines, relatedLists, views }: Described,
  room: number,
  where: string,
): Record<string, unknown> {
  if (part === "pipelines") return pipelinesWithin(pipelines, room, where);
  const items =
    part === "views"
      ? views.map((view) => `${view.id} ${view.display_value || view.name}`)
      : relatedLists.map((list) => list.api_name);
  const shown = cutTo(items, room, (count) => `… and ${count} more${where}`);
  return { [part]: shown };
}

/** Team pipelines with their sub-pipelines and the stages of each. */
function pipelinesWithin(
  pipelines: readonly TeamPipeline[],
  room: number,
  where: string,
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
    ...(left > 0 && { pipelines_left: `${left} sub-pipelines more${where}` }),
  };
}

/** The first form of the fields that fits, from all with many options down to names alone. */
function fieldsWithin({ fields }: Schema, skip: ReadonlySet<string>, room: number): string[] {
  const line = (options: number) => (field: Field) =>
    lineOf(field, skip.has(field.apiName) ? 0 : options);
  const own = fields.filter((field) => !field.custom || field.mandatory);
  const custom = fields.filter((field) => !own.includes(field));
  const groups = groupsOf(custom);
  for (const options of optionsShown) {
    const lines = fields.map(line(options));
    if (tokensOf(lines) <= room) return lines;
  }
  for (const options of optionsShown) {
    const lines = [...own.map(line(options)), ...groups];
    if (tokensOf(lines) <= room) return lines;
  }
  const first = own.toSorted((a, b) => Number(b.mandatory) - Number(a.mandatory)).map(line(0));
  const shown = first.slice(0, fitting(first, room - leftTokens));
  const entries = custom.map((field) => nameOf(field) + labelOf(field));
  const names = custom.slice(0, fitting(entries, room - typesAtMost - tokensOf(shown)));
  const left = fields.length - shown.length - names.length;
  return [...shown, ...groupsOf(names), `… and ${left} more; name one in "field" to see it`];
}

/** `API name (label if it says more): type*!, options or target`. */
function lineOf(field: Field, options: number): string {
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
  if (field.target) return ` → ${field.target}`;
  if (field.options.length === 0 || options === 0) return "";
  const shown = field.options.slice(0, options).map((option) => option.label);
  return ` ${shown.join(" | ")}${field.options.length > options ? " | …" : ""}`;
}

/** Fields by type, a line each: `text: Region (Area), Extra_{1,3..5}!`. */
function groupsOf(fields: readonly Field[]): string[] {
  const byType = groupBy(fields, (field) => `${field.type}${detailOf(field, 0)}`);
  return [...byType].map(([type, members]) => `${type}: ${compact(members).join(", ")}`);
}

/** Names that differ only in their number share one entry. */
function compact(fields: readonly Field[]): string[] {
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
  return spansOf(numbers.toSorted((a, b) => a - b))
    .map(([first, last]) => (first === last ? first : `${first}..${last}`))
    .join(",");
}

/** Everything about one field, its options as far as they fit the reply. */
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
  };
  const options = field.options.map(({ value, label }) => {
    const stored = cleanText(value);
    return stored === label ? label : `${label} (stored as ${stored})`;
  });
  const left = (count: number) => `… and ${count} more; any is understood by its label`;
  return {
    ...facts,
    ...(options.length > 0 && {
      options: cutTo(options, roomBeside(facts, replyTokens) - 40, left),
    }),
  };
}
