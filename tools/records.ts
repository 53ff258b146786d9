import * as z from "zod";
import { unlessFailed } from "../src/bigin/api/batch.ts";
import { recordsByPageNumber, recordsPerPageByDefault } from "../src/bigin/limits.ts";
import { caveatOf, fieldNamed, namesOfFields, type Schema } from "../src/bigin/schema/fields.ts";
import type { Found } from "../src/bigin/search/find.ts";
import { recordReply } from "../src/reply/record.ts";
import {
  readSlice,
  recordListOutput,
  recordListReply,
  sliceOfFound,
} from "../src/reply/record-list.ts";
import { resolvedIn, uncheckedIn, viewOf } from "../src/reply/view.ts";
import { Failure } from "../src/shared/failure.ts";
import { defineTool } from "../src/tool/define.ts";
import * as param from "../src/tool/params.ts";

const selectors = ["email", "phone", "word"] as const;

export default [
  defineTool({
    name: "bigin_list_records",
    title: "List records",
    description:
      "Lists the records of a module, newest first, such as all companies or the latest contacts. To filter, or to sort by any field, use bigin_search_records; to count, use bigin_summarize_records.",
    searchHint:
      "browse, show, make a list of everything, customers, suppliers, newest leads, price list; anzeigen, Liste; mostrar, lista; 列出 全部",
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
      .superRefine(checkPaging),
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
        (page) =>
          bigin.records
            .list(module, { fields: view.fields, cvid, ...order, ...page })
            .catch((error: unknown) => {
              throw sortRefused(error, order.sort_by);
            }),
        () => unlessFailed(bigin.records.count(module, cvid), undefined),
      );
      return recordListReply(module, slice, view, context);
    },
  }),

  defineTool({
    name: "bigin_get_record",
    title: "Get a record",
    description:
      "Shows everything about one record: all fields that hold a value, or the fields you name. Linked records come with name and id. To find a record by its name, use bigin_search_records.",
    searchHint:
      "open, view, read, full details of one customer or client, who is responsible; Details ansehen; ver detalles; 查看 详情",
    toolset: "records",
    scope: "connection",
    effect: "read",
    examples: [
      { module: "contacts", id: "{contact}" },
      { module: "deals", id: "{deal}", fields: ["stage", "amount"] },
    ],
    input: z
      .strictObject({
        module: param.module,
        id: param.id,
        fields: param.fields,
        text_from: z
          .int()
          .min(1)
          .optional()
          .describe(
            "For the rest of a long text: the number after which it was cut, with its one field",
          ),
      })
      .superRefine(({ fields, text_from }, check) => {
        if (text_from !== undefined && fields?.length !== 1)
          check.addIssue("text_from needs fields with the one field whose text to read on.");
      }),
    output: z.looseObject({ module: z.string(), record: z.looseObject({ id: z.string() }) }),
    async run({ module: name, id, fields, text_from }, context) {
      const { bigin } = context;
      const module = await bigin.modules.resolve(name);
      const view = await viewOf(module, fields, context);
      const record = await bigin.records.getOrList(
        module,
        id,
        fields && view.fields,
        fields ? view.fields : namesOfFields(view.schema),
      );
      if (!record)
        throw new Failure({
          origin: "bigin",
          kind: "not_found",
          message: `${module} has no record ${id}, or this user may not see it.`,
        });
      return recordReply(module, record, view, context.replyTokens, text_from);
    },
  }),

  defineTool({
    name: "bigin_search_records",
    title: "Search records",
    description:
      "Finds records by conditions: deals closing this month, tasks due today, companies in a city, a person by name. Give one of filters, criteria, email, phone and word.",
    searchHint:
      "look up, filter, query; which customers, clients, deals, appointments; without a value, missing, open; suchen, finden, offene, überfällige Aufgaben; buscar cliente, correo, vencidas; 查找 查询 搜索 客户 电话 本月 逾期",
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
        criteria: z
          .string()
          .trim()
          .optional()
          .describe("To mix and with or: ((City:equals:Rome)or(Amount:greater_than:5000))"),
        email: z.string().trim().optional().describe("Email address to find"),
        phone: z.string().trim().optional().describe("Phone number to find"),
        word: z.string().trim().optional().describe("Word or name to find"),
        fields: param.fields,
        sort_by: z.string().optional().describe("Field to sort by, such as amount desc"),
        per_page: param.perPage,
      })
      .superRefine(checkPaging)
      .superRefine((args, check) => {
        const given = (["filters", "criteria", ...selectors] as const).filter((name) => args[name]);
        if (given.length === 0)
          check.addIssue(
            "Give one of filters, criteria, email, phone and word. To list all records, use bigin_list_records.",
          );
        if (given.length > 1) check.addIssue(`Give only one of ${given.join(" and ")}.`);
        // Bigin searches only for two characters or more (docs/reference/bigin-api.md §3).
        if (args.word?.length === 1)
          check.addIssue(
            "word must have two characters or more. For a single letter, use filters with starts_with.",
          );
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
        ...caveatOf(view.schema, uncheckedIn(tree, found)),
      });
    },
  }),

  defineTool({
    name: "bigin_list_related_records",
    title: "List related records",
    description:
      "Lists the records that belong to one record: the contacts of a company, the notes, calls or tasks of a contact, the products of a deal.",
    searchHint:
      "people, employees at a company, history with a customer, comments, activities, files; Ansprechpartner, Verlauf; historial, notas; 相关 备注",
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
        related_list: z
          .string()
          .describe(
            "What to list: contacts, deals, products, notes, tasks, calls, attachments or another list of the module",
          ),
        fields: param.fields,
        per_page: param.perPage,
      })
      .superRefine(checkPaging),
    output: recordListOutput,
    async run({ module: name, id, related_list, fields, ...paging }, context) {
      const { bigin } = context;
      const module = await bigin.modules.resolve(name);
      const list = await bigin.modules.resolveRelated(module, related_list);
      const view = await viewOf(list.holds ?? list.apiName, fields, context);
      const slice = await readSlice(paging, context, (page) =>
        bigin.records.related(module, id, list.apiName, { fields: view.fields, ...page }),
      );
      return recordListReply(list.holds ?? list.apiName, slice, view, context);
    },
  }),
];

/** Reads a field with or without a direction: "amount desc". */
function sortNamed(schema: Schema, text: string) {
  const [, name = text, order] = /^(.*\S)\s+(asc|desc)$/i.exec(text.trim()) ?? [];
  return { field: fieldNamed(schema, name), descending: order?.toLowerCase() === "desc" };
}

function selectorOf(args: { [name in (typeof selectors)[number]]?: string | undefined }) {
  if (args.email) return { email: args.email };
  if (args.phone) return { phone: args.phone };
  return args.word ? { word: args.word } : undefined;
}

/** Says if a search could not read all records, or if Bigin could not do it. */
function howFound(found: Found): { note?: string } {
  const [records, were] =
    found.read === 1 ? ["1 record", "was"] : [`${found.read} records`, "were"];
  if (!found.complete)
    return { note: `Only ${records} could be read, and more may match. Narrow the filters.` };
  return found.how === "scan"
    ? { note: `Bigin cannot search for this: ${records} ${were} read and filtered locally.` }
    : {};
}

/** Checks the rules between the paging arguments. */
function checkPaging(
  args: {
    page?: number | undefined;
    per_page?: number | undefined;
    page_token?: string | undefined;
    sort_by?: string | undefined;
    sort_order?: string | undefined;
  },
  check: z.core.$RefinementCtx,
): void {
  if (args.page !== undefined && args.page_token !== undefined)
    check.addIssue("Give page or page_token, not both: a page_token already says where to go on.");
  const perPage = args.per_page ?? recordsPerPageByDefault;
  if ((args.page ?? 1) * perPage > recordsByPageNumber)
    check.addIssue(
      `Page ${args.page} with ${perPage} records per page goes beyond record ${recordsByPageNumber}, the last one that page numbers can reach. Use the page_token from the previous page.`,
    );
  if (args.sort_order !== undefined && args.sort_by === undefined)
    check.addIssue("sort_order needs sort_by: give the field to sort by.");
}

/** Some connections sort lists by few fields (docs/compatibility.md). */
function sortRefused(error: unknown, field: string | undefined): unknown {
  if (!(error instanceof Failure) || error.facts.kind !== "rejected" || field === undefined)
    return error;
  const message = `${error.message} Bigin may not sort lists by ${field} here. bigin_search_records sorts by any field: give it sort_by, and filters that all records meet, such as {"field":"Created_Time","op":"is_not_empty"}.`;
  return new Failure({ ...error.facts, message }, error.cause);
}
