import * as z from "zod";
import { unlessFailed, unlessUnanswered } from "../src/bigin/api/batch.ts";
import { userTypes } from "../src/bigin/api/users.ts";
import { recordsPerPageByDefault, usersPerCall } from "../src/bigin/limits.ts";
import { fieldNamed } from "../src/bigin/schema/fields.ts";
import { standardModules } from "../src/bigin/schema/standard-modules.ts";
import { fitting, roomBeside } from "../src/reply/budget.ts";
import {
  describeField,
  describeModule,
  describePart,
  partNamed,
} from "../src/reply/module-description.ts";
import { shortened } from "../src/reply/untrusted-text.ts";
import { defineTool } from "../src/tool/define.ts";
import * as param from "../src/tool/params.ts";

const tableOutput = z.looseObject({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())),
});
const longestName = 80;
const readsOnly =
  "Only reading was tested. bigin_list_modules shows which changes each module allows; only a write shows whether this user may make them.";

const ownModules = standardModules.map(({ apiName }) => [apiName, apiName, null, null, null]);
const ownOnly =
  "the list of modules could not be read: these are Bigin's own. Custom modules and labels are missing, and what each module allows is not known.";

export default [
  defineTool({
    name: "bigin_list_modules",
    title: "List modules",
    description:
      "Lists the modules of this Bigin, custom ones too, and whether their records may be created, edited and deleted.",
    searchHint: "tables, objects, kinds of records; Module, Tabellen; módulos, tablas; 模块",
    toolset: "metadata",
    scope: "connection",
    effect: "read",
    examples: [{}],
    input: z.strictObject({}),
    output: tableOutput,
    async run(_args, { bigin, replyTokens }) {
      const columns = ["module", "label", "create", "edit", "delete"];
      const listed = await unlessUnanswered(bigin.modules.all(), undefined);
      if (!listed) return { columns, rows: ownModules, not_checked: ownOnly };
      const { items, skipped } = listed;
      const modules = items.filter((module) => module.api_supported);
      const rows = modules.map((module) => [
        module.api_name,
        shortened(module.plural_label, longestName),
        module.creatable,
        module.editable,
        module.deletable,
      ]);
      const left = unreadable(skipped, "modules");
      const whole = { columns, rows, ...left };
      if (roomBeside(whole, replyTokens) >= 0) return whole;
      const names = rows.map((row) => row.slice(0, 2));
      return { ...cutTable(columns.slice(0, 2), names, replyTokens), ...left };
    },
  }),

  defineTool({
    name: "bigin_describe_module",
    title: "Describe a module",
    description:
      "Shows how a module is set up: its fields with types and options (* required, ! read-only), the stages of its pipelines, its related lists and views. Use it once before you write to a module. With field, shows everything about one field, such as all its options.",
    searchHint:
      "schema, columns, properties; values of a dropdown or picklist; sales process; Felder, Phasen; campos, etapas; 字段 阶段",
    toolset: "metadata",
    scope: "connection",
    effect: "read",
    examples: [{ module: "deals" }, { module: "deals", field: "stage" }],
    input: z.strictObject({
      module: param.module,
      field: z
        .string()
        .optional()
        .describe("Label or API name of one field, or one of pipelines, related_lists, views"),
    }),
    output: z.looseObject({ module: z.string() }),
    async run({ module: name, field }, { bigin, replyTokens }) {
      const module = await bigin.modules.resolve(name);
      if (!field) return describeModule(await bigin.modules.describe(module), replyTokens);
      const schema = await bigin.understand.schema(module);
      const part = partNamed(schema, field);
      if (part)
        return {
          module,
          ...describePart(part, await bigin.modules.describe(module), replyTokens),
        };
      return { module, field: describeField(fieldNamed(schema, field), replyTokens) };
    },
  }),

  defineTool({
    name: "bigin_list_users",
    title: "List users",
    description:
      "Lists the users of this Bigin (team members, colleagues) with email address, role and profile. Type CurrentUser is the user this connection works as.",
    searchHint:
      "employees, staff, people, admins, who is logged in; Mitarbeiter, Kollegen; empleados, equipo; 团队成员 员工",
    toolset: "metadata",
    scope: "connection",
    effect: "read",
    examples: [{ type: "AllUsers" }],
    input: z.strictObject({
      type: z.enum(userTypes).optional().describe("Which users to list; default: ActiveUsers"),
      page: param.page.describe("Page number, from 1"),
      per_page: z
        .int()
        .min(1)
        .max(usersPerCall)
        .optional()
        .describe(`Users per page, 1-${usersPerCall}; default ${recordsPerPageByDefault}`),
    }),
    output: tableOutput,
    async run(args, { bigin, replyTokens }) {
      const { type = "ActiveUsers", page = 1, per_page = recordsPerPageByDefault } = args;
      const found = await bigin.users.list({ type, page, per_page });
      const columns = ["id", "name", "email", "role", "profile", "status", "time_zone"];
      const rows = found.users.map((user) => [
        user.id,
        ...[user.full_name, user.email, user.role?.name, user.profile?.name].map(brief),
        ...[user.status, user.time_zone].map(brief),
      ]);
      const fit = fitting(rows, roomBeside({ columns, more: { page: 1, per_page } }, replyTokens));
      if (fit >= rows.length)
        return {
          columns,
          rows,
          ...unreadable(found.skipped, "users"),
          ...(found.more && { more: { page: page + 1, per_page } }),
        };
      const shown = pageSizeWithin(Math.max(1, fit), (page - 1) * per_page);
      const next = ((page - 1) * per_page) / shown + 2;
      return {
        columns,
        rows: rows.slice(0, shown),
        ...unreadable(found.skipped, "users"),
        more: { page: next, per_page: shown },
      };
    },
  }),

  defineTool({
    name: "bigin_check_access",
    title: "Check access",
    description:
      "Checks which modules and kinds of data this connection may read. Use it when a call fails because something is not permitted or a scope is missing.",
    searchHint:
      "permission, rights, denied, forbidden, allowed; Berechtigung, Rechte; permisos, acceso; 权限",
    toolset: "metadata",
    scope: "connection",
    effect: "read",
    examples: [{}],
    input: z.strictObject({}),
    output: tableOutput,
    async run(_args, { bigin, replyTokens }) {
      const own = standardModules.map((module) => module.apiName);
      const all = await unlessFailed(bigin.modules.all(), undefined);
      const custom = (all?.items ?? [])
        .filter((module) => module.api_supported && module.generated_type === "custom")
        .map((module) => module.api_name);
      const access = await bigin.access([...own, ...custom]);
      return { ...cutTable(["what", "read"], access, replyTokens), note: readsOnly };
    },
  }),
];

/** Says how many items of a list could not be read and were left out. */
function unreadable(count: number, what: string): { not_checked?: string } {
  return count > 0 ? { not_checked: `${count} ${what} that cannot be read are left out` } : {};
}

function brief(text: string | null | undefined): string | null {
  return text ? shortened(text, longestName) : null;
}

/**
 * The largest page size up to `fit` with which a page begins at `start`, so that a page number can continue the list.
 */
function pageSizeWithin(fit: number, start: number): number {
  let size = fit;
  while (start % size !== 0) size -= 1;
  return size;
}

function cutTable(columns: string[], rows: readonly unknown[][], replyTokens: number) {
  const fit = fitting(rows, roomBeside({ columns, left: rows.length }, replyTokens));
  const left = rows.length - fit;
  return { columns, rows: rows.slice(0, fit), ...(left > 0 && { left }) };
}
