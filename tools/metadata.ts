import * as z from "zod";
import type { FieldMeta } from "../src/bigin/metadata.ts";
import { userTypes } from "../src/bigin/users.ts";
import { defineTool } from "../src/tool/define.ts";
import * as param from "../src/tool/params.ts";

const tableOutput = z.looseObject({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())),
});

export default [
  defineTool({
    name: "bigin_list_modules",
    title: "List modules",
    description:
      "Lists the modules of this Bigin, custom ones too, with their labels and what may be done in them.",
    toolset: "metadata",
    effect: "read",
    input: z.strictObject({ connection_id: param.connectionId }),
    output: tableOutput,
    async run(_args, { bigin }) {
      const modules = (await bigin.modules.all()).filter((module) => module.api_supported);
      return {
        columns: ["module", "label", "create", "edit", "delete"],
        rows: modules.map((module) => [
          module.api_name,
          module.plural_label,
          module.creatable,
          module.editable,
          module.deletable,
        ]),
      };
    },
  }),

  defineTool({
    name: "bigin_describe_module",
    title: "Describe a module",
    description:
      "Tells a module's fields (API name, label, type, mandatory, options or lookup target), the pipelines with their stages for Pipelines, related lists and views.",
    toolset: "metadata",
    effect: "read",
    input: z.strictObject({ module: param.module, connection_id: param.connectionId }),
    output: z.looseObject({
      module: z.string(),
      fields: tableOutput,
      pipelines: z.array(z.looseObject({})).optional(),
      related_lists: z.array(z.string()),
      views: z.array(z.looseObject({})),
    }),
    async run({ module: name }, { bigin }) {
      const module = await bigin.modules.resolve(name);
      const described = await bigin.modules.describe(module);
      return {
        module,
        fields: {
          columns: ["field", "label", "type", "mandatory", "options"],
          rows: described.fields.filter((field) => field.visible).map(fieldRow),
        },
        ...(module === "Pipelines" && { pipelines: described.pipelines }),
        related_lists: described.relatedLists.map((list) => list.api_name),
        views: described.views.map((view) => ({
          cvid: view.id,
          name: view.display_value || view.name,
        })),
      };
    },
  }),

  defineTool({
    name: "bigin_list_users",
    title: "List users",
    description:
      "Lists the users of this Bigin with role, profile and status; type CurrentUser is the one this connection acts as.",
    toolset: "metadata",
    effect: "read",
    input: z.strictObject({
      type: z.enum(userTypes).optional().describe("Default ActiveUsers"),
      page: param.page,
      per_page: param.perPage,
      connection_id: param.connectionId,
    }),
    output: tableOutput,
    async run({ type = "ActiveUsers", page, per_page = param.defaultPerPage }, { bigin }) {
      const found = await bigin.users.list({ type, page, per_page });
      return {
        columns: ["id", "name", "email", "role", "profile", "status", "time_zone"],
        rows: found.users.map((user) => [
          user.id,
          user.full_name,
          user.email ?? null,
          user.role?.name ?? null,
          user.profile?.name ?? null,
          user.status ?? null,
          user.time_zone ?? null,
        ]),
        ...(found.more && { more: { page: found.page + 1 } }),
      };
    },
  }),
];

function fieldRow(field: FieldMeta): unknown[] {
  const target = field.lookup.module?.api_name;
  const options = field.pick_list_values.map((option) => option.actual_value);
  return [
    field.api_name,
    field.field_label,
    field.read_only ? `${field.data_type}, read-only` : field.data_type,
    field.system_mandatory,
    target ? `→ ${target}` : options.length > 0 ? options : null,
  ];
}
