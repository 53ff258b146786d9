import * as z from "zod";
import type { Selector } from "../src/bigin/records.ts";
import { Failure } from "../src/failure.ts";
import { defineTool } from "../src/tool/define.ts";
import { pageOutput, pageReply } from "../src/tool/page.ts";
import * as param from "../src/tool/params.ts";
import { recordOf } from "../src/tool/render.ts";

const selectors = ["criteria", "email", "phone", "word"] as const;

export default [
  defineTool({
    name: "bigin_list_records",
    title: "List records",
    description:
      "Lists records of a module as columns and rows, newest first. To filter, use bigin_search_records. `more` holds the arguments of the next page.",
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
        cvid: z
          .string()
          .regex(/^\d{15,19}$/, "is not the id of a view: 15 to 19 digits")
          .optional()
          .describe("Id of a view, from bigin_describe_module"),
        connection_id: param.connectionId,
      })
      .superRefine(param.checkPaging),
    output: pageOutput,
    async run({ module: name, fields, connection_id: _, ...rest }, { bigin }) {
      const module = await bigin.modules.resolve(name);
      const shown = fields ?? (await bigin.modules.defaultFields(module));
      const params = { ...rest, per_page: rest.per_page ?? param.defaultPerPage, fields: shown };
      return pageReply(
        module,
        await bigin.records.list(module, params),
        shown,
        fields !== undefined,
      );
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
    async run({ module: name, id, fields }, { bigin }) {
      const module = await bigin.modules.resolve(name);
      const record = await bigin.records.get(module, id, fields);
      if (!record)
        throw new Failure({
          origin: "bigin",
          kind: "not_found",
          message: `not found: ${module} has no record ${id}, or this user may not see it.`,
        });
      return { module, record: { ...recordOf(record, fields), id: record.id } };
    },
  }),

  defineTool({
    name: "bigin_search_records",
    title: "Search records",
    description:
      "Finds records by exactly one of criteria, email, phone or word. `equals` matches words, not whole values; new records appear after 10-20 s.",
    toolset: "records",
    effect: "read",
    input: z
      .strictObject({
        module: param.module,
        criteria: z
          .string()
          .optional()
          .describe(
            "((Field:op:value)and(Field:op:value)); op: equals, not_equal, starts_with, in, between, greater_than, less_than, greater_equal, less_equal",
          ),
        email: z.string().optional().describe("E-mail address"),
        phone: z.string().optional().describe("Phone number"),
        word: z.string().optional().describe("A word anywhere in the record"),
        fields: param.fields,
        page: param.page,
        per_page: param.perPage,
        connection_id: param.connectionId,
      })
      .superRefine(param.checkPaging)
      .superRefine((args, check) => {
        const given = selectors.filter((name) => args[name] !== undefined);
        if (given.length !== 1)
          check.addIssue(
            given.length === 0
              ? "Give one of criteria, email, phone or word; to see everything use bigin_list_records."
              : `Give only one of ${given.join(" and ")}: Bigin takes one selector a call.`,
          );
      }),
    output: pageOutput,
    async run({ module: name, fields, page, per_page, ...args }, { bigin }) {
      const module = await bigin.modules.resolve(name);
      const shown = fields ?? (await bigin.modules.defaultFields(module));
      const params = { fields: shown, page, per_page: per_page ?? param.defaultPerPage };
      const found = await bigin.records.search(module, selectorOf(args), params);
      return pageReply(module, found, shown, fields !== undefined);
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
        related_list: z
          .string()
          .describe("A module, Attachments, or another list from bigin_describe_module"),
        fields: param.fields,
        page: param.page,
        per_page: param.perPage,
        page_token: param.pageToken,
        connection_id: param.connectionId,
      })
      .superRefine(param.checkPaging),
    output: pageOutput,
    async run({ module: name, id, related_list, fields, connection_id: _, ...rest }, { bigin }) {
      const module = await bigin.modules.resolve(name);
      const list = await bigin.modules.resolveRelated(module, related_list);
      const shown = fields ?? list.fields;
      const params = { ...rest, per_page: rest.per_page ?? param.defaultPerPage, fields: shown };
      const page = await bigin.records.related(module, id, list.apiName, params);
      return pageReply(list.apiName, page, shown, fields !== undefined);
    },
  }),
];

function selectorOf(args: { [name in (typeof selectors)[number]]?: string | undefined }): Selector {
  if (args.criteria !== undefined) return { criteria: args.criteria };
  if (args.email !== undefined) return { email: args.email };
  if (args.phone !== undefined) return { phone: args.phone };
  return { word: args.word ?? "" };
}
