import { cleanText } from "../../shared/clean-text.ts";
import type { BiginRecord } from "../api/records.ts";
import type { Field, Schema } from "../schema/fields.ts";
import { isEmpty, isObject } from "../values.ts";

/** Fields that tell records of the same name apart, the most telling ones first. */
const telling = [
  "Account_Name",
  "Contact_Name",
  "Stage",
  "Email",
  "Phone",
  "Mobile",
  "Product_Code",
  "Billing_City",
  "Created_Time",
];
const valuesShown = 3;
const longestValue = 40;

/** The fields of a module that are read so that candidates can be told apart. */
export function tellingFields({ fields }: Schema): Field[] {
  return telling.flatMap((name) => fields.filter((one) => one.apiName === name && !one.display));
}

/**
 * For each record what tells it apart from the others, such as `with Email "ann@example.com"`; empty if nothing does. The
 * values are quoted, because people outside the company may have written them.
 */
export function differences(records: readonly BiginRecord[], fields: readonly Field[]): string[] {
  const texts = fields
    .map((field) => ({ field, texts: records.map((one) => textOf(one[field.apiName])) }))
    .filter((one) => new Set(one.texts).size > 1)
    .slice(0, valuesShown);
  return records.map((_, at) => {
    const parts = texts.map(({ field, texts }) => `${field.label} ${texts[at]}`);
    return parts.length > 0 ? ` with ${parts.join(", ")}` : "";
  });
}

function textOf(value: unknown): string {
  const text = isObject(value) ? (value["name"] ?? value["id"]) : value;
  if (isEmpty(text)) return "empty";
  const plain = cleanText(String(text)).replace(/\s+/g, " ").replaceAll('"', "'");
  return `"${plain.length > longestValue ? `${plain.slice(0, longestValue)}…` : plain}"`;
}
