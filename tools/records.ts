import * as z from "zod";
import { grantedOr } from "../src/bigin/api/batch.ts";
import { fieldNamed, type Schema } from "../src/bigin/schema/fields.ts";
import type { Found } from "../src/bigin/search/find.ts";
import { recordReply } from "../src/reply/record.ts";
import {
  readSlice,
  recordListOutput,
  recordListReply,
  sliceOfFound,
} from "../src/reply/record-list.ts";
import { resolvedIn, viewOf } from "../src/reply/view.ts";
import { Failure } from "../src/shared/failure.ts";
import { defineTool } from "../src/tool/define.ts";
import * as param from "../src/tool/params.ts";

const selectors = ["email", "phone", "word"] as const;

export default [
  defineTool({
    name: "bigin_list_records",
    title: "List records",
    description:
      "Lists records of a module as columns and rows, newest first. To filter or to sort by any field, use bigin_search_records.",
    toolset: "records",
    scope: "connection",
    effect: "read",
    paged: true,
    examples: [
      { module: "deals", fields: ["deal name", "amount"], per_page: 3 },
      { module: "notes", per_page: 3 },
    ],
    input: z
      .strictObject({
        module: param.module,
        fields: param.fields,
        sort_by: param.sortBy,
        sort_order: param.sortOrder,
        page: param.page,
        per_page: param.perPage,
        cvid: param.viewId,
      })
      .superRefine(param.checkPaging),
    output: recordListOutput,
    async run({ module: name, fields, sort_by, sort_order, cvid, ...paging }, context) {
      const { bigin } = context;
      const module = await bigin.modules.resolve(name);
      const view = await viewOf(module, fields, context);
      const order = {
        sort_by: sort_by && fieldNamed(view.schema, sort_by).apiName,
        sort_order,
      };
      const slice = await readSlice(
        paging,
        context,
        (page) => bigin.records.list(module, { fields: view.fields, cvid, ...order, ...page }),
        () => grantedOr(bigin.records.count(module, cvid), undefined),
      );
      return recordListReply(module, slice, view, context);
    },
  }),

  defineTool({
    name: "bigin_get_record",
    title: "Get a record",
    description:
      "Reads one record by id: all its fields that hold a value, or the fields named. Lookups carry name and id.",
    toolset: "records",
    scope: "connection",
    effect: "read",
    examples: [
      { module: "contacts", id: "{contact}" },
      { module: "deals", id: "{deal}", fields: ["stage", "amount"] },
    ],
    input: z.strictObject({
      module: param.module,
      id: param.id,
      fields: param.fields,
    }),
    output: z.looseObject({ module: z.string(), record: z.looseObject({ id: z.string() }) }),
    async run({ module: name, id, fields }, context) {
      const { bigin } = context;
      const module = await bigin.modules.resolve(name);
      const view = await viewOf(module, fields, context);
      const record = await bigin.records.get(module, id, fields && view.fields);
      if (!record)
        throw new Failure({
          origin: "bigin",
          kind: "not_found",
          message: `not found: ${module} has no record ${id}, or this user may not see it.`,
        });
      return recordReply(module, record, view, context.replyTokens);
    },
  }),

  defineTool({
    name: "bigin_search_records",
    title: "Search records",
    description:
      "Finds records by filters, criteria, email, phone or word. Dates may be words: this month.",
    toolset: "records",
    scope: "connection",
    effect: "read",
    paged: true,
    examples: [
      {
        module: "deals",
        filters: [{ field: "closing date", op: "between", value: "this year" }],
      },
      { module: "contacts", word: "stone" },
    ],
    input: z
      .strictObject({
        module: param.module,
        filters: param.filters,
        match: param.match,
        criteria: z.string().trim().optional().describe("Bigin's own form"),
        email: z.string().trim().optional().describe("Instead"),
        phone: z.string().trim().optional().describe("Instead"),
        word: z.string().trim().optional().describe("Instead"),
        fields: param.fields,
        sort_by: z.string().optional().describe('Such as "amount desc"'),
        per_page: param.perPage,
      })
      .superRefine(param.checkPaging)
      .superRefine((args, check) => {
        const given = (["filters", "criteria", ...selectors] as const).filter((name) => args[name]);
        if (given.length === 0)
          check.addIssue(
            "Give filters, criteria, email, phone or word; to see everything use bigin_list_records.",
          );
        if (given.length > 1) check.addIssue(`Give only one of ${given.join(" and ")}.`);
        // Bigin searches for two characters or more (docs/reference/bigin-api.md §3).
        if (args.word?.length === 1)
          check.addIssue("word needs two characters or more; for a letter give filters.");
      }),
    output: recordListOutput,
    async run(args, context) {
      const { bigin } = context;
      const module = await bigin.modules.resolve(args.module);
      const view = await viewOf(module, args.fields, context);
      const tree = await bigin.understand.conditions(view.schema, {
        ...args,
        criteria: args.criteria || undefined,
      });
      const found = await bigin.understand.find({
        module,
        fields: view.fields,
        tree,
        selector: selectorOf(args),
        sort: args.sort_by === undefined ? undefined : sortNamed(view.schema, args.sort_by),
        again: context.place !== undefined,
      });
      const resolved = resolvedIn(tree, context.replyTokens);
      return recordListReply(module, sliceOfFound(found, args, context), view, context, {
        ...resolved,
        ...howFound(found),
        ...view.caveat,
      });
    },
  }),

  defineTool({
    name: "bigin_list_related_records",
    title: "List related records",
    description:
      "Lists what hangs on a record: contacts of a company, deals, products, notes, tasks, events or calls of a record.",
    toolset: "records",
    scope: "connection",
    effect: "read",
    paged: true,
    examples: [
      { module: "companies", id: "{company}", related_list: "contacts" },
      { module: "contacts", id: "{contact}", related_list: "notes" },
    ],
    input: z
      .strictObject({
        module: param.module,
        id: param.id,
        related_list: z.string().describe("Module it holds, or name"),
        fields: param.fields,
        per_page: param.perPage,
      })
      .superRefine(param.checkPaging),
    output: recordListOutput,
    async run({ module: name, id, related_list, fields, ...paging }, context) {
      const { bigin } = context;
      const module = await bigin.modules.resolve(name);
      const list = await bigin.modules.resolveRelated(module, related_list);
      const view = await viewOf(list.holds ?? list.apiName, fields, context);
      const slice = await readSlice(paging, context, (page) =>
        bigin.records.related(module, id, list.apiName, { fields: view.fields, ...page }),
      );
      return recordListReply(list.apiName, slice, view, context);
    },
  }),
];

/** "amount desc", or a field alone. */
function sortNamed(schema: Schema, text: string) {
  const [, name = text, order] = /^(.*\S)\s+(asc|desc)$/i.exec(text.trim()) ?? [];
  return { field: fieldNamed(schema, name), descending: order?.toLowerCase() === "desc" };
}

function selectorOf(args: { [name in (typeof selectors)[number]]?: string | undefined }) {
  if (args.email) return { email: args.email };
  if (args.phone) return { phone: args.phone };
  return args.word ? { word: args.word } : undefined;
}

/** What an agent should know about a search that Bigin could not do, or that could not see everything. */
function howFound(found: Found): { note?: string } {
  if (!found.complete)
    return {
      note: `only ${found.read} records could be read; there may be more. Narrow the filters.`,
    };
  return found.how === "scan"
    ? { note: `Bigin cannot search this: ${found.read} records were read and filtered here` }
    : {};
}
