import * as z from "zod";
import type { EarlierAttempt } from "../src/account/idempotency.ts";
import { isDone } from "../src/account/journal.ts";
import { rowsPerCall } from "../src/bigin/limits.ts";
import type { CarryingOut } from "../src/bigin/write/carry-out.ts";
import type { RowResult, WritePlan } from "../src/bigin/write/plan.ts";
import { describeWritePlan } from "../src/reply/write-preview.ts";
import { reportWrite, writeOutput } from "../src/reply/write-report.ts";
import { type Committing, defineTool, type Planned, type ToolContext } from "../src/tool/define.ts";
import * as param from "../src/tool/params.ts";

/** A plan and the options of its commit. */
interface Plan {
  plan: WritePlan;
  options: Pick<CarryingOut, "trigger" | "wfTrigger" | "stopOnError">;
}

export default [
  defineTool({
    name: "bigin_create_records",
    title: "Create records",
    description: `Adds 1-${rowsPerCall} new records. Search first, so that no record is created twice. Required: contacts Last_Name; companies Account_Name; deals Deal_Name, Sub_Pipeline, Stage; products Product_Name; tasks Subject; events Event_Title, Start_DateTime, End_DateTime; calls Subject, Call_Type, Call_Start_Time; notes Note_Content, Parent_Id (a record), $se_module (its module).`,
    searchHint:
      "new, make, register a customer, client, person or lead; log a call, write a comment, schedule a meeting, reminder, follow-up; anlegen, erstellen, eintragen; crear, agregar; 新建 添加 联系人 客户",
    toolset: "records",
    scope: "connection",
    effect: "create",
    inserts: true,
    examples: [{ module: "contacts", records: [{ "last name": "Novak", tag: ["new"] }] }],
    input: z.strictObject({
      module: param.module,
      records: param.records(
        { Description: param.fieldValue("Free text; all other fields are accepted too") },
        'One object per record, users and linked records by name: [{"Last_Name":"Novak","Account_Name":"Acme","Owner":"me"}]',
      ),
      check_duplicates: z
        .boolean()
        .optional()
        .describe(
          "Skip rows that share a unique value, such as an email address, with an existing record",
        ),
      stop_on_error: param.stopOnError,
      trigger: param.trigger,
    }),
    output: writeOutput,
    async plan({ module, records, check_duplicates, trigger, stop_on_error }, context) {
      const plan = await context.bigin.write.create(module, records, check_duplicates);
      return planWith(plan, { trigger, stopOnError: stop_on_error ?? false }, context);
    },
    commit: carryOut,
  }),

  defineTool({
    name: "bigin_update_records",
    title: "Update records",
    description: `Changes fields of 1-${rowsPerCall} existing records: correct a phone number, complete a task, assign a deal to another owner or move it to another Stage (and Sub_Pipeline). Fields that are not named stay as they are; null clears a field. Lists, such as tags or the products of a deal: {"add":[…],"remove":[…]}.`,
    searchHint:
      "edit, change, set a date or price, assign, postpone, close, mark as won, lost or completed, next stage; ändern, bearbeiten, zuweisen; cambiar, actualizar; 修改 更新",
    toolset: "records",
    scope: "connection",
    effect: "update",
    examples: [{ module: "contacts", records: [{ id: "{contact}", title: "Chief" }] }],
    input: z.strictObject({
      module: param.module,
      records: param.records(
        { id: param.id },
        'One object per record, its id and the fields to change: [{"id":"…","Stage":"Closed Won"}]',
      ),
      if_unmodified_since: param.unmodifiedSince,
      stop_on_error: param.stopOnError,
      trigger: param.trigger,
    }),
    output: writeOutput,
    async plan({ module, records, if_unmodified_since, trigger, stop_on_error }, context) {
      const plan = await context.bigin.write.update(module, records, if_unmodified_since);
      return planWith(plan, { trigger, stopOnError: stop_on_error ?? false }, context);
    },
    commit: carryOut,
  }),

  defineTool({
    name: "bigin_upsert_records",
    title: "Create or update records",
    description: `Imports 1-${rowsPerCall} rows without creating duplicates: each row updates the record that has the same value, or else creates one. Compares duplicate_check_fields; by default Email of contacts, Account_Name of companies, Product_Name of products, Deal_Name of deals.`,
    searchHint:
      "bulk upload of a spreadsheet, Excel or CSV file, sync, merge data of another system; importieren, abgleichen; importar, sincronizar; 导入 同步",
    toolset: "records",
    scope: "connection",
    effect: "update",
    inserts: true,
    examples: [
      { module: "contacts", records: [{ "last name": "Novak", email: "novak@example.com" }] },
    ],
    input: z.strictObject({
      module: param.module,
      records: param.records(
        { Description: param.fieldValue("Free text; all other fields are accepted too") },
        'One object per row: [{"Last_Name":"Novak","Email":"novak@acme.example"}]',
      ),
      duplicate_check_fields: z
        .array(z.string())
        .min(1)
        .optional()
        .describe("Fields that identify an existing record, in the order they are tried"),
      stop_on_error: param.stopOnError,
      trigger: param.trigger,
    }),
    output: writeOutput,
    async plan({ module, records, duplicate_check_fields, trigger, stop_on_error }, context) {
      const plan = await context.bigin.write.upsert(module, records, duplicate_check_fields);
      return planWith(plan, { trigger, stopOnError: stop_on_error ?? false }, context);
    },
    commit: carryOut,
  }),

  defineTool({
    name: "bigin_delete_records",
    title: "Delete records",
    description: `Deletes 1-${rowsPerCall} records. They go to Bigin's recycle bin; bigin_undo_write can create them again, under new ids.`,
    searchHint:
      "remove, erase, clean up, cancel; get rid of a duplicate; löschen, entfernen; eliminar, borrar; 删除",
    toolset: "records",
    scope: "connection",
    effect: "delete",
    examples: [{ module: "contacts", ids: ["{contact}"] }],
    input: z.strictObject({
      module: param.module,
      ids: param.manyIds,
      if_unmodified_since: param.unmodifiedSince,
      stop_on_error: param.stopOnError,
      wf_trigger: z.boolean().optional().describe("Workflows run by default; false prevents that"),
    }),
    output: writeOutput,
    async plan({ module, ids, if_unmodified_since, wf_trigger, stop_on_error }, context) {
      const plan = await context.bigin.write.delete(module, ids, if_unmodified_since);
      const options = { wfTrigger: wf_trigger, stopOnError: stop_on_error ?? false };
      return planWith(plan, options, context);
    },
    commit: carryOut,
  }),
];

async function planWith(
  plan: WritePlan,
  options: Plan["options"],
  context: ToolContext,
): Promise<Planned<Plan>> {
  const { plan: _, ...about } = await describeWritePlan(plan, { ...options }, context);
  return { plan: { plan, options }, ...about };
}

async function carryOut({ plan, options }: Plan, context: ToolContext, { earlier }: Committing) {
  const connection = await context.connection();
  const others = new Set(await context.journal.created(connection));
  const rest = earlier ? await withoutDone(plan, earlier, context) : plan;
  const carried = await context.bigin.write.carryOut(rest, {
    ...options,
    signal: context.signal,
    onSent: (done, total) => context.progress(done, total, `${done} of ${total} rows sent`),
    ...(earlier && { earlier: { since: earlier.since, others } }),
  });
  return reportWrite(rest, carried, context);
}

/** The plan with the results of the rows that earlier attempts of the same call are known to have written. */
async function withoutDone(
  plan: WritePlan,
  { writes }: EarlierAttempt,
  { journal, connection }: ToolContext,
): Promise<WritePlan> {
  const over = await connection();
  const entries = await Promise.all(writes.map((id) => journal.get(over, id)));
  const resultAt = (at: number): RowResult | undefined =>
    entries.flatMap((entry) => {
      const row = entry?.rows[at];
      if (!row || !isDone(row) || row.undone) return [];
      return [{ ...row, problem: `by the earlier call, in ${entry.id}` }];
    })[0];
  return { ...plan, rows: plan.rows.map((row, at) => ({ ...row, result: resultAt(at) })) };
}
