import * as z from "zod";
import { unlessFailed } from "../src/bigin/api/batch.ts";
import { isMoney } from "../src/bigin/field-types.ts";
import { caveatOf, currencyField, type Field, type Schema } from "../src/bigin/schema/fields.ts";
import type { Found } from "../src/bigin/search/find.ts";
import type { Group, Grouping } from "../src/bigin/search/summary.ts";
import { fitting } from "../src/reply/budget.ts";
import { readingFrom, recordListOutput } from "../src/reply/record-list.ts";
import { createMarkers } from "../src/reply/untrusted-text.ts";
import { resolvedIn, uncheckedIn, unverifiedIn } from "../src/reply/view.ts";
import { shownDecimal, shownQuotient } from "../src/shared/decimal.ts";
import { defineTool, type ToolContext } from "../src/tool/define.ts";
import * as param from "../src/tool/params.ts";

const reservedTokens = 250;
const metrics = ["sum", "average", "minimum", "maximum"] as const;
type Metric = (typeof metrics)[number];

export default [
  defineTool({
    name: "bigin_summarize_records",
    title: "Summarize records",
    description:
      'Counts records, or adds up a number field, in total or by group: use it for "how many" and "how much". Worth of the pipeline by stage: {"module":"deals","group_by":["stage"],"measure":"amount"}.',
    searchHint:
      "number, total, average, top, compare, report, statistics, forecast, revenue and sales per month or salesperson; wie viele, Umsatz, Summe; cuántos, ventas; 统计 数量 金额",
    toolset: "records",
    scope: "connection",
    effect: "read",
    paged: true,
    examples: [{ module: "deals", group_by: ["stage"], measure: "amount" }, { module: "contacts" }],
    input: z
      .strictObject({
        module: param.module,
        group_by: z
          .array(z.string())
          .min(1)
          .max(2)
          .optional()
          .describe('1-2 fields; dates as "closing date by month" (or day, week, quarter, year)'),
        measure: z.string().optional().describe('Number field to add up, such as "amount"'),
        metrics: z
          .array(z.enum(metrics))
          .min(1)
          .max(4)
          .optional()
          .describe("What to calculate from measure; default: sum"),
        filters: param.sameFilters,
        match: param.match,
      })
      .superRefine((args, check) => {
        if (args.metrics && !args.measure)
          check.addIssue("metrics needs measure: give the number field.");
      }),
    output: z.looseObject({
      module: z.string(),
      columns: z.array(z.string()),
      rows: z.array(z.array(z.unknown())),
      read: z.int().describe("How many records were read"),
      complete: z.boolean().describe("False if the figures are of only some of the records"),
      more: recordListOutput.shape.more,
    }),
    async run(args, context) {
      const { bigin, place, progress } = context;
      const module = await bigin.modules.resolve(args.module);
      const whole =
        args.group_by === undefined && args.filters === undefined && args.measure === undefined;
      if (whole && !place) {
        const count = await unlessFailed(bigin.records.count(module), undefined);
        if (count !== undefined)
          return { module, columns: ["count"], rows: [[count]], read: 0, complete: true };
      }
      const { groupingsNamed, measureNamed } = await import("../src/bigin/search/summary.ts");
      const schema = await bigin.understand.schema(module);
      const groupings = groupingsNamed(schema, args.group_by ?? []);
      const measure = args.measure === undefined ? undefined : measureNamed(schema, args.measure);
      const currency = measure && isMoney(measure) ? currencyField(schema) : undefined;
      const tree = await bigin.understand.conditions(schema, args);
      const measured = [measure, currency].filter((field) => field !== undefined);
      const found = await bigin.understand.find({
        module,
        fields: [...groupings.map(({ field }) => field), ...measured].map((one) => one.apiName),
        tree,
        from: readingFrom(place),
        onRead: (read) => progress(read, undefined, `${read} records read`),
      });
      const metrics = measure ? (args.metrics ?? ["sum" as const]) : [];
      return {
        module,
        ...(await figures(found, { schema, groupings, measure, metrics, currency }, context)),
        ...resolvedIn(tree),
        ...(await unverifiedIn(found, tree, schema, context)),
        ...caveatOf(schema, uncheckedIn(tree, found)),
        ...moreOf(found, context),
      };
    },
  }),
];

interface Asked {
  schema: Schema;
  groupings: readonly Grouping[];
  measure: Field | undefined;
  metrics: readonly Metric[];
  /** The field that tells in which currency the measure is, if there can be several. */
  currency: Field | undefined;
}

/** The groups as rows, and of how many records they are. An average comes with the number of records it is of. */
async function figures(
  found: Found,
  { schema, groupings: asked, measure, metrics, currency }: Asked,
  { bigin, place, replyTokens }: ToolContext,
) {
  const { apartByCurrency, headOf, notNumbersIn, summarize } = await import(
    "../src/bigin/search/summary.ts"
  );
  const { records } = found;
  const apart = apartByCurrency(records, asked, currency);
  const groups = summarize(records, apart, measure, await bigin.understand.zone());
  const markers = createMarkers(schema.checked);
  const isAveraged = metrics.includes("average");
  const rows = groups.map((group) => [
    ...group.keys.map((key, at) => markers.groupKey(apart.groupings[at]?.field, key)),
    group.count,
    ...metrics.map((metric) => measured(group, metric)),
    ...(isAveraged ? [group.measured] : []),
  ]);
  const name = measure?.apiName ?? "";
  return markers.settled({
    columns: [
      ...apart.groupings.map(headOf),
      "count",
      ...metrics.map((metric) => `${metric} ${name}`),
      ...(isAveraged ? [`count with ${name}`] : []),
    ],
    ...shownOf(rows, groups, replyTokens - reservedTokens),
    ...(apart.currency !== undefined && { currency: markers.unmarked(apart.currency) }),
    ...howFar(found, place !== undefined),
    ...leftOut(notNumbersIn(records, measure), measure),
    ...markers.remark(),
  });
}

function moreOf({ next }: Found, { pageToken }: ToolContext) {
  return next ? { more: { page_token: pageToken({ ...next, skip: 0 }) } } : {};
}

/** Says of which records the figures are. A page_token gives the figures of the next records, to be added. */
function howFar({ read, complete, next }: Found, isContinued: boolean) {
  if (complete && !isContinued) return { complete, read };
  const onward = next
    ? "for those of the next records, use the page_token and add them"
    : complete
      ? "add those of the earlier parts"
      : "narrow the filters";
  return { complete: false, read, note: `Partial: figures of ${read} records only: ${onward}.` };
}

function measured(group: Group, metric: Metric): number | string | null {
  if (group.measured === 0) return metric === "sum" ? 0 : null;
  if (metric === "average") return shownQuotient(group.sum, group.measured);
  const value = group[metric];
  return value === undefined ? null : shownDecimal(value);
}

/** The groups that fit into the reply, and the sum of the others. */
function shownOf(rows: readonly unknown[][], groups: readonly Group[], budget: number) {
  const fits = fitting(rows, budget);
  if (fits === rows.length) return { rows: [...rows] };
  const rest = groups.slice(fits);
  const count = rest.reduce((sum, group) => sum + group.count, 0);
  return {
    rows: rows.slice(0, fits),
    others: { groups: rest.length, count, note: "To see them, filter, or group by fewer fields." },
  };
}

function leftOut(count: number, measure: Field | undefined): { left_out?: string } {
  if (!measure || count === 0) return {};
  const records = count === 1 ? "1 record has" : `${count} records have`;
  return {
    left_out: `${records} a value in ${measure.label} that is not a number. It is not in the figures.`,
  };
}
