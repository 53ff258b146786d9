import * as z from "zod";
import { unlessFailed } from "../src/bigin/api/batch.ts";
import { caveatOf, type Field } from "../src/bigin/schema/fields.ts";
import type { Group } from "../src/bigin/search/summary.ts";
import { fitting } from "../src/reply/budget.ts";
import { createMarkers } from "../src/reply/untrusted-text.ts";
import { resolvedIn, uncheckedIn } from "../src/reply/view.ts";
import { defineTool } from "../src/tool/define.ts";
import * as param from "../src/tool/params.ts";

/** 50 requests of 200 records, which take about five seconds at ten requests a second. */
const readAtMost = 10_000;
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
      complete: z.boolean().describe("False if only some of the records could be read"),
    }),
    async run(args, { bigin, progress, replyTokens }) {
      const module = await bigin.modules.resolve(args.module);
      const whole =
        args.group_by === undefined && args.filters === undefined && args.measure === undefined;
      if (whole) {
        const count = await unlessFailed(bigin.records.count(module), undefined);
        if (count !== undefined)
          return { module, columns: ["count"], rows: [[count]], read: 0, complete: true };
      }
      const { groupingsNamed, headOf, measureNamed, notNumbersIn, summarize } = await import(
        "../src/bigin/search/summary.ts"
      );
      const [schema, zone] = await Promise.all([
        bigin.understand.schema(module),
        bigin.understand.zone(),
      ]);
      const groupings = groupingsNamed(schema, args.group_by ?? []);
      const measure = args.measure === undefined ? undefined : measureNamed(schema, args.measure);
      const tree = await bigin.understand.conditions(schema, args);
      const found = await bigin.understand.find({
        module,
        fields: [
          ...groupings.map(({ field }) => field.apiName),
          ...(measure ? [measure.apiName] : []),
        ],
        tree,
        readAtMost,
        onRead: (read) => progress(read, undefined, `${read} records read`),
      });
      const chosen = measure ? (args.metrics ?? ["sum"]) : [];
      const groups = summarize(found.records, groupings, measure, zone);
      const unread = notNumbersIn(found.records, measure);
      const markers = createMarkers(schema.checked);
      const rows = groups.map((group) => [
        ...group.keys.map((key, at) => markers.groupKey(groupings[at]?.field, key)),
        group.count,
        ...chosen.map((metric) => measured(group, metric)),
      ]);
      return markers.settled({
        module,
        columns: [
          ...groupings.map(headOf),
          "count",
          ...chosen.map((metric) => `${metric} ${measure?.apiName ?? ""}`),
        ],
        ...shownOf(rows, groups, replyTokens - reservedTokens),
        read: found.read,
        complete: found.complete,
        ...(!found.complete && { note: partial(found.read) }),
        ...leftOut(unread, measure),
        ...resolvedIn(tree),
        ...caveatOf(schema, uncheckedIn(tree, found)),
        ...markers.remark(),
      });
    },
  }),
];

function partial(read: number): string {
  const records = read === 1 ? "1 record" : `${read} records`;
  return `Partial: only ${records} could be read, and more may match. Narrow the filters.`;
}

function measured(group: Group, metric: Metric): number | null {
  if (group.measured === 0) return metric === "sum" ? 0 : null;
  const value = metric === "average" ? group.sum / group.measured : group[metric];
  return value === undefined ? null : Math.round(value * 100) / 100;
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
