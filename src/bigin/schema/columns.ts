import { typeOf } from "../field-types.ts";
import type { Field, Schema } from "./fields.ts";
import { standardModule } from "./standard-modules.ts";

/** Attachments are no module of their own: they only hang on records. */
const attachmentColumns = ["File_Name", "Size", "Created_Time", "Owner"];
const columnsOfOwnModules = 7;

/** The fields a person would look at, for a caller who names none. */
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

/** The name first, then the organisation's own fields, then who and when. */
function weight(field: Field): number {
  if (field.display) return 0;
  return /^(Created|Modified|Last_Activity|Tag$)/.test(field.apiName) ? 2 : 1;
}
