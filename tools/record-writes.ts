import * as z from "zod";
import type { Bigin } from "../src/bigin/client.ts";
import type { Row, WriteOptions } from "../src/bigin/records.ts";
import { fieldNamed } from "../src/bigin/schema.ts";
import { badArguments } from "../src/failure.ts";
import { defineTool, type ToolContext } from "../src/tool/define.ts";
import { outcomesOutput, reportOutcomes } from "../src/tool/outcomes.ts";
import * as param from "../src/tool/params.ts";

/** What the plan of a write holds: everything resolved, nothing sent. */
interface Plan {
  module: string;
  rows: Row[];
  options: WriteOptions;
}

export default [
  defineTool({
    name: "bigin_create_records",
    title: "Create records",
    description:
      "Creates 1-100 records. Mandatory: contacts Last_Name; companies Account_Name; deals Deal_Name, Sub_Pipeline, Stage; products Product_Name; tasks Subject; notes Note_Content, Parent_Id, $se_module. Users and linked records by name or id.",
    toolset: "records",
    effect: "create",
    input: z.strictObject({
      module: param.module,
      records: param.records(
        { Description: param.fieldValue("Free text") },
        "Rows: field names and values",
      ),
      trigger: param.trigger,
      connection_id: param.connectionId,
    }),
    output: outcomesOutput,
    async plan({ module, records, trigger }, context): Promise<Plan> {
      return { ...(await resolved(module, records, context)), options: { trigger } };
    },
    async commit({ module, rows, options }, { bigin }) {
      return reportOutcomes(
        module,
        await bigin.records.insert(module, rows, options),
        () => "created",
      );
    },
  }),

  defineTool({
    name: "bigin_update_records",
    title: "Update records",
    description:
      "Changes fields of 1-100 records; each row has its id and the fields to change, null clears one. Fields not named stay as they are. A deal moves by its Stage (and Sub_Pipeline).",
    toolset: "records",
    effect: "update",
    input: z.strictObject({
      module: param.module,
      records: param.records({ id: param.id }, "Rows: id and the fields to change"),
      trigger: param.trigger,
      connection_id: param.connectionId,
    }),
    output: outcomesOutput,
    async plan({ module, records, trigger }, context): Promise<Plan> {
      refuseRepeated(records.map((row) => row.id));
      return { ...(await resolved(module, records, context)), options: { trigger } };
    },
    async commit({ module, rows, options }, { bigin }) {
      return reportOutcomes(
        module,
        await bigin.records.update(module, rows, options),
        () => "updated",
      );
    },
  }),

  defineTool({
    name: "bigin_upsert_records",
    title: "Create or update records",
    description:
      "For 1-100 rows, updates the record that matches on duplicate_check_fields, else creates one. Default check: Contacts Email, Accounts Account_Name, Products Product_Name. Each checked field needs a value.",
    toolset: "records",
    effect: "update",
    input: z.strictObject({
      module: param.module,
      records: param.records(
        { Description: param.fieldValue("Free text") },
        "Rows: field names and values",
      ),
      duplicate_check_fields: z
        .array(z.string())
        .min(1)
        .optional()
        .describe("Fields to match on, in order"),
      trigger: param.trigger,
      connection_id: param.connectionId,
    }),
    output: outcomesOutput,
    async plan({ module, records, trigger, duplicate_check_fields }, context) {
      const { schema, ...rows } = await resolved(module, records, context);
      const duplicateCheckFields = duplicate_check_fields?.map(
        (name) => fieldNamed(schema, name).apiName,
      );
      return { ...rows, options: { trigger, duplicateCheckFields } };
    },
    async commit({ module, rows, options }, { bigin }) {
      const outcomes = await bigin.records.upsert(module, rows, options);
      return reportOutcomes(module, outcomes, (row) =>
        row.action === "insert" ? "created" : "updated",
      );
    },
  }),

  defineTool({
    name: "bigin_delete_records",
    title: "Delete records",
    description: "Deletes 1-100 records of a module by id; they go to Bigin's recycle bin.",
    toolset: "records",
    effect: "delete",
    input: z.strictObject({
      module: param.module,
      ids: param.ids,
      wf_trigger: z.boolean().optional().describe("false: no workflows run"),
      connection_id: param.connectionId,
    }),
    output: outcomesOutput,
    async plan({ module, ids, wf_trigger }, { bigin }) {
      refuseRepeated(ids);
      return { module: await bigin.modules.resolve(module), ids, wf_trigger };
    },
    async commit({ module, ids, wf_trigger }, { bigin }) {
      const outcomes = await bigin.records.delete(module, ids, { wf_trigger });
      return reportOutcomes(module, outcomes, () => "deleted");
    },
  }),
];

/** The module and the rows, by whatever names the caller used. */
async function resolved(name: string, records: readonly Row[], { bigin }: ToolContext) {
  const module = await bigin.modules.resolve(name);
  const schema = await bigin.understand.schema(module);
  const rows = await Promise.all(records.map((row) => withParentModule(row, bigin)));
  return { module, schema, rows: await bigin.understand.rows(schema, rows) };
}

/** Notes and activities name the module of what they hang on beside its id. */
async function withParentModule(row: Row, bigin: Bigin): Promise<Row> {
  const name = row["$se_module"];
  return typeof name === "string" ? { ...row, $se_module: await bigin.modules.resolve(name) } : row;
}

function refuseRepeated(ids: readonly string[]): void {
  const repeated = ids.find((id, at) => ids.indexOf(id) !== at);
  if (repeated) throw badArguments(`The id ${repeated} is named twice: name each record once.`);
}
