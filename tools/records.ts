import * as z from "zod";
import { grantedOr } from "../src/bigin/api/granted.ts";
import type { ListParams, Page } from "../src/bigin/api/records.ts";
import { fieldNamed, type Schema } from "../src/bigin/schema/schema.ts";
import type { Found } from "../src/bigin/search/find.ts";
import { viewOf } from "../src/reply/listing.ts";
import { recordReply } from "../src/reply/record.ts";
import { pageOutput, pageReply } from "../src/reply/record-list.ts";
import { resolvedIn } from "../src/reply/shown.ts";
import { Failure } from "../src/shared/failure.ts";
import { defineTool, type ToolContext } from "../src/tool/define.ts";
import * as param from "../src/tool/params.ts";

const selectors = ["email", "phone", "word"] as const;

export default [
  defineTool({
    name: "bigin_list_records",
    title: "List records",
    description:
      "Lists records of a module as columns and rows, newest first. To filter or to sort by any field, use bigin_search_records.",
    toolset: "records",
    effect: "read",
    input: z
      .strictObject({
        module: param.module,
        fields: param.fields,
        sort_by: param.sortBy,
        sort_order: param.sortOrder,
        page: param.page,
        per_page: param.perPage,
        page_token: param.pageToken,
        cvid: param.viewId,
        connection_id: param.connectionId,
      })
      .superRefine(param.checkPaging),
    output: pageOutput,
    async run(args, context) {
      const { bigin, place } = context;
      const module = await bigin.modules.resolve(args.module);
      const view = await viewOf(module, args.fields, context);
      const sort = args.sort_by && fieldNamed(view.schema, args.sort_by).apiName;
      const params = {
        fields: view.fields,
        sort_by: sort,
        sort_order: args.sort_order,
        cvid: args.cvid,
      };
      const { page, at, after } = await readPage(args, context, (paging) =>
        bigin.records.list(module, { ...params, ...paging }),
      );
      const isWhole = !place && at.page === 1;
      const count = () => grantedOr(bigin.records.count(module, args.cvid), undefined);
      const total = !isWhole ? undefined : page.more ? await count() : page.records.length;
      const records = page.records.slice(at.skip);
      const listing = {
        module,
        records,
        fields: view.fields,
        keepEmpty: view.named,
        place: at,
        after,
        total,
        before: 0,
        extra: view.caveat,
      };
      return pageReply(listing, view.renderer, context);
    },
  }),

  defineTool({
    name: "bigin_get_record",
    title: "Get a record",
    description:
      "Reads one record by id: all its fields that hold a value, or the fields named. Lookups carry name and id.",
    toolset: "records",
    effect: "read",
    input: z.strictObject({
      module: param.module,
      id: param.id,
      fields: param.fields,
      connection_id: param.connectionId,
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
    effect: "read",
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
        page_token: param.pageToken,
        connection_id: param.connectionId,
      })
      .superRefine(param.checkPaging)
      .superRefine((args, check) => {
        const given = (["filters", "criteria", ...selectors] as const).filter((name) => args[name]);
        if (given.length === 0)
          check.addIssue(
            "Give filters, criteria, email, phone or word; to see everything use bigin_list_records.",
          );
        if (given.length > 1) check.addIssue(`Give only one of ${given.join(" and ")}.`);
        // Bigin searches for two characters or more (bigin-api.md §3).
        if (args.word?.length === 1)
          check.addIssue("word needs two characters or more; for a letter give filters.");
      }),
    output: pageOutput,
    async run(args, context) {
      const { bigin, place } = context;
      const module = await bigin.modules.resolve(args.module);
      const view = await viewOf(module, args.fields, context);
      const tree = await bigin.understand.conditions(view.schema, {
        ...args,
        criteria: args.criteria || undefined,
      });
      const sort = args.sort_by === undefined ? undefined : sortNamed(view.schema, args.sort_by);
      const found = await bigin.understand.find({
        module,
        fields: view.fields,
        tree,
        selector: selectorOf(args),
        sort,
        again: place !== undefined,
      });
      const perPage = args.per_page ?? param.defaultPerPage;
      const skip = place?.skip ?? 0;
      const end = skip + perPage;
      const listing = {
        module,
        records: found.records.slice(skip, end),
        fields: view.fields,
        keepEmpty: view.named,
        place: { page: 1, skip },
        after: end < found.records.length ? { page: 1, skip: end } : undefined,
        total: found.complete ? found.records.length : undefined,
        before: skip,
        extra: { ...resolvedIn(tree, context.replyTokens), ...howFound(found), ...view.caveat },
      };
      return pageReply(listing, view.renderer, context);
    },
  }),

  defineTool({
    name: "bigin_list_related_records",
    title: "List related records",
    description:
      "Lists what hangs on a record: contacts of a company, deals, products, notes, tasks, events or calls of a record.",
    toolset: "records",
    effect: "read",
    input: z
      .strictObject({
        module: param.module,
        id: param.id,
        related_list: z.string().describe("Module it holds, or name"),
        fields: param.fields,
        per_page: param.perPage,
        page_token: param.pageToken,
        connection_id: param.connectionId,
      })
      .superRefine(param.checkPaging),
    output: pageOutput,
    async run(args, context) {
      const { bigin } = context;
      const module = await bigin.modules.resolve(args.module);
      const list = await bigin.modules.resolveRelated(module, args.related_list);
      const view = await viewOf(list.holds ?? list.apiName, args.fields, context);
      const { page, at, after } = await readPage(args, context, (paging) =>
        bigin.records.related(module, args.id, list.apiName, { fields: view.fields, ...paging }),
      );
      const total = page.more || context.place || at.page > 1 ? undefined : page.records.length;
      const records = page.records.slice(at.skip);
      const listing = {
        module: list.apiName,
        records,
        fields: view.fields,
        keepEmpty: view.named,
        place: at,
        after,
        total,
        before: 0,
        extra: view.caveat,
      };
      return pageReply(listing, view.renderer, context);
    },
  }),
];

/** Bigin's pages end at record 2,000; only its own token goes on from there. */
async function readPage(
  args: { page?: number | undefined; per_page?: number | undefined },
  { place }: ToolContext,
  read: (paging: Partial<ListParams>) => Promise<Page>,
) {
  const at = place ?? { page: args.page ?? 1, skip: 0 };
  const per_page = args.per_page ?? param.defaultPerPage;
  const page = await read({
    per_page,
    ...(at.token ? { page_token: at.token } : { page: at.page }),
  });
  const next = { page: at.page + 1, skip: 0 };
  const needsToken = next.page * per_page > param.pageWall && page.nextPageToken;
  return {
    page,
    at,
    after: page.more ? { ...next, ...(needsToken && { token: needsToken }) } : undefined,
  };
}

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

/** What an agent should know of a search that was none, or that could not see everything. */
function howFound(found: Found): { note?: string } {
  if (!found.complete)
    return {
      note: `only ${found.read} records could be read; there may be more. Narrow the filters.`,
    };
  return found.how === "scan"
    ? { note: `Bigin cannot search this: ${found.read} records were read and sifted` }
    : {};
}
