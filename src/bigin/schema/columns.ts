import { typeOf } from "../field-types.ts";
import type { Field, Schema } from "./fields.ts";
import { standardModule } from "./standard-modules.ts";

/** Attachments are not a module of their own: they belong to records. */
const attachmentColumns = ["File_Name", "Size", "Created_Time", "Owner"];
const columnsOfOwnModules = 7;

/** The fields shown if the caller names none: those a person would look at. */
export function defaultColumns(schema: Schema): readonly string[] {
  const standard =
    schema.module === "Attachments" ? attachmentColumns : standardModule(schema.module)?.columns;
  const known = new Set(schema.fields.map((field) => field.apiName));
  if (standard)
    return standard.filter((name) => !schema.checked || known.has(name) || name.startsWith("$"));
  const useful = schema.fields.filter((field) => typeOf(field).isColumn);
  return useful
    .toSorted((a, b) => weight(a) - weight(b))
    .slice(0, columnsOfOwnModules)
    .map((field) => field.apiName);
}

/** Sorts the name first, then the organisation's own fields, then who changed the record and when. */
function weight(field: Field): number {
  if (field.display) return 0;
  return /^(Created|Modified|Last_Activity|Tag$)/.test(field.apiName) ? 2 : 1;
}
