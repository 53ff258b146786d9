import * as z from "zod";
import type { Described } from "../src/bigin/describe.ts";
import { type Field, fieldNamed } from "../src/bigin/schema.ts";
import { standardModules } from "../src/bigin/standard.ts";
import type { SubPipeline } from "../src/bigin/team-pipelines.ts";
import { userTypes } from "../src/bigin/users.ts";
import { clean } from "../src/clean.ts";
import { defineTool } from "../src/tool/define.ts";
import * as param from "../src/tool/params.ts";
import { estimateTokens } from "../src/tool/tokens.ts";

const tableOutput = z.looseObject({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())),
});
/** A whole module in under 900 tokens: options go first, then fields nobody would miss. */
const describedTokens = 850;
const optionsShown = 8;

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
          clean(module.plural_label),
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
      "Tells a module's fields with type and options (* mandatory, ! read-only), its pipelines with their stages, related lists and views. With field: everything about that one.",
    toolset: "metadata",
    effect: "read",
    input: z.strictObject({
      module: param.module,
      field: z.string().optional().describe("Label or API name"),
      connection_id: param.connectionId,
    }),
    output: z.looseObject({ module: z.string() }),
    async run({ module: name, field }, { bigin }) {
      const module = await bigin.modules.resolve(name);
      if (field) {
        const schema = await bigin.understand.schema(module);
        return { module, field: whole(fieldNamed(schema, field)) };
      }
      return describeWithin(await bigin.modules.describe(module));
    },
  }),

  defineTool({
    name: "bigin_list_users",
    title: "List users",
    description:
      "Lists the users of this Bigin; type CurrentUser is the one this connection acts as.",
    toolset: "metadata",
    effect: "read",
    input: z.strictObject({
      type: z.enum(userTypes).optional().describe("Default ActiveUsers"),
      page: param.page,
      per_page: z.int().min(1).max(100).optional().describe("Max 100"),
      connection_id: param.connectionId,
    }),
    output: tableOutput,
    async run({ type = "ActiveUsers", page, per_page = param.defaultPerPage }, { bigin }) {
      const found = await bigin.users.list({ type, page, per_page });
      return {
        columns: ["id", "name", "email", "role", "profile", "status", "time_zone"],
        rows: found.users.map((user) => [
          user.id,
          clean(user.full_name),
          user.email ?? null,
          clean(user.role?.name ?? null),
          clean(user.profile?.name ?? null),
          user.status ?? null,
          user.time_zone ?? null,
        ]),
        ...(found.more && { more: { page: found.page + 1 } }),
      };
    },
  }),

  defineTool({
    name: "bigin_check_access",
    title: "Check access",
    description:
      "Tells which modules and kinds of data this connection may read, by one cheap request each. Use it when a call says that a scope is missing.",
    toolset: "metadata",
    effect: "read",
    input: z.strictObject({ connection_id: param.connectionId }),
    output: tableOutput,
    async run(_args, { bigin }) {
      const own = standardModules.map((module) => module.apiName);
      const custom = (await bigin.modules.all())
        .filter((module) => module.api_supported && module.generated_type === "custom")
        .map((module) => module.api_name);
      const access = await bigin.access([...own, ...custom]);
      return { columns: ["what", "access"], rows: access };
    },
  }),
];

function describeWithin({
  schema,
  pipelines,
  relatedLists,
  views,
}: Described): Record<string, unknown> & { module: string } {
  const rest = {
    ...(pipelines.length > 0 && {
      pipelines: pipelines.map(({ name, subPipelines }) => ({
        name,
        stages: stagesOf(subPipelines),
      })),
    }),
    related_lists: relatedLists.map((list) => list.api_name),
    views: views.map((view) => `${view.id} ${view.display_value || view.name}`),
  };
  const budget = describedTokens - estimateTokens(JSON.stringify(rest));
  const skip = new Set(pipelines.length > 0 ? ["Stage", "Sub_Pipeline"] : []);
  const lines = schema.fields.map((field) =>
    lineOf(field, skip.has(field.apiName) ? 0 : optionsShown),
  );
  const shown = within(lines, budget) ?? schema.fields.map((field) => lineOf(field, 0));
  const fields = within(shown, budget) ?? names(schema.fields, budget);
  return {
    module: schema.module,
    ...(clean({ fields, ...rest }) as object),
    ...(!schema.checked && {
      not_checked:
        "these are Bigin's standard fields; this connection is not granted the organisation's own",
    }),
  };
}

/** Sub-pipelines with their stages. */
function stagesOf(subPipelines: readonly SubPipeline[]): Record<string, string> {
  return Object.fromEntries(
    subPipelines.map(({ label, stages }) => [label, stages.map((one) => one.label).join(", ")]),
  );
}

function within(lines: readonly string[], budget: number): string[] | undefined {
  return estimateTokens(JSON.stringify(lines)) <= budget ? [...lines] : undefined;
}

/** Where even that is too long, mandatory fields first and as many names as fit. */
function names(fields: readonly Field[], budget: number): string[] {
  const lines: string[] = [];
  let tokens = 40;
  for (const field of fields.toSorted((a, b) => Number(b.mandatory) - Number(a.mandatory))) {
    const line = field.apiName + (field.mandatory ? "*" : "");
    tokens += estimateTokens(line) + 2;
    if (tokens > budget) break;
    lines.push(line);
  }
  const left = fields.length - lines.length;
  return left > 0 ? [...lines, `… and ${left} more; name one in "field" to see it`] : lines;
}

/** `API name (label if it says more): type*!, options or target`. */
function lineOf(field: Field, options: number): string {
  const label =
    field.apiName.replaceAll("_", " ").toLowerCase() === field.label.toLowerCase()
      ? ""
      : ` (${field.label})`;
  const marks = (field.mandatory ? "*" : "") + (field.readOnly ? "!" : "");
  return `${field.apiName}${marks}${label}: ${field.type}${detailOf(field, options)}`;
}

function detailOf(field: Field, options: number): string {
  if (field.target) return ` → ${field.target}`;
  if (field.options.length === 0 || options === 0) return "";
  const shown = field.options.slice(0, options).map((option) => option.label);
  return ` ${shown.join(" | ")}${field.options.length > options ? " | …" : ""}`;
}

function whole(field: Field): unknown {
  return clean({
    api_name: field.apiName,
    label: field.label,
    type: field.type,
    mandatory: field.mandatory,
    read_only: field.readOnly,
    unique: field.unique,
    searchable: field.searchable,
    ...(field.maxLength && { max_length: field.maxLength }),
    ...(field.target && { looks_up: field.target }),
    ...(field.options.length > 0 && {
      options: field.options.map(({ value, label }) =>
        value === label ? label : `${label} (stored as ${value})`,
      ),
    }),
  });
}
