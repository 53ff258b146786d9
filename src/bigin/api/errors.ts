import * as z from "zod";
import { leavesDoubt } from "../../maton/errors.ts";
import type { MatonResponse } from "../../maton/response.ts";
import { cleanText } from "../../shared/clean-text.ts";
import { duplicateCode, Failure, type Kind } from "../../shared/failure.ts";
import { ownValue } from "../../shared/own-value.ts";
import { moduleOfEngine } from "../schema/activity-links.ts";
import { idIn, isObject } from "../values.ts";
import { orElse } from "./lenient.ts";

/** Zoho's error for a request or a row. Its `code` is a string (docs/reference/bigin-api.md §4.1). */
export const biginErrorSchema = z.looseObject({
  code: z.string(),
  message: orElse(z.string(), ""),
  details: orElse(z.looseObject({}), {}),
});
export type BiginErrorBody = z.infer<typeof biginErrorSchema>;

const kinds: Record<string, Kind> = {
  INVALID_TOKEN: "grant_expired",
  AUTHENTICATION_FAILURE: "grant_expired",
  OAUTH_SCOPE_MISMATCH: "scope_missing",
  AUTHORIZATION_FAILED: "not_permitted",
  NO_PERMISSION: "not_permitted",
  TOO_MANY_REQUESTS: "rate_limited",
  INTERNAL_ERROR: "unavailable",
  INTERNAL_SERVER_ERROR: "unavailable",
};

/** The details of an error that are passed on: names and numbers, never whole objects. */
const shownDetails = [
  "api_name",
  "param_name",
  "param",
  "expected_data_type",
  "maximum_length",
  "id",
  "reason",
  "operator",
  "limit",
  "mapped_field",
  "json_path",
] as const;
const longestDetail = 200;

/**
 * Builds the failure for a refused request. Its kind comes from the body's code; the status decides only if the code is
 * unknown.
 */
export function biginFailure(reply: MatonResponse, asked: string, isWrite: boolean): Failure {
  const parsed = biginErrorSchema.safeParse(reply.body);
  const code = parsed.success ? parsed.data.code : undefined;
  return new Failure({
    // A string code shows that Bigin wrote the body (docs/reference/bigin-api.md §4.1).
    origin: parsed.success ? "bigin" : "maton",
    kind: kindOf(parsed.data, reply.status),
    message: parsed.success
      ? describeError(parsed.data)
      : `The gateway returned HTTP ${reply.status} with a body that is not Bigin's.`,
    asked,
    status: reply.status,
    code,
    retryAfterS: reply.retryAfterS,
    mayHaveHappened: isWrite && leavesDoubt(reply.status),
  });
}

/**
 * Bigin's error in one sentence: its wording, its code, and the field or value it names. A second one names the record that
 * has the value already.
 */
export function describeError(error: BiginErrorBody): string {
  const details = shownDetails.flatMap((key) => {
    const value = error.details[key];
    return typeof value === "string" || typeof value === "number"
      ? [`${key} ${onOneLine(String(value))}`]
      : [];
  });
  const wording = onOneLine(error.message).replace(/[.\s]+$/, "") || "refused";
  const advice = error.code === duplicateCode ? ` ${duplicateAdvice(error)}` : "";
  return `${wording} (${[onOneLine(error.code), ...details].join(", ")}).${advice}`;
}

function duplicateAdvice(error: BiginErrorBody): string {
  const existing = existingRecord(error);
  if (!existing)
    return "A record has this value already: find it, and change it with bigin_update_records.";
  const where = existing.module ? ` of ${existing.module}` : "";
  return `Record ${existing.id}${where} has this value: change it with bigin_update_records.`;
}

/** The record that has a unique value already, in each form of DUPLICATE_DATA (docs/reference/bigin-api.md §1.4). */
export function existingRecord({
  code,
  details,
}: BiginErrorBody): { id: string; module: string | undefined } | undefined {
  if (code !== duplicateCode) return undefined;
  const { duplicate_record: record } = details;
  const id = idIn(record) ?? idIn(details["id"]);
  const module = (isObject(record) && moduleIn(record)) || moduleIn(details);
  return id === undefined ? undefined : { id, module };
}

/** As an object or as text. */
function moduleIn({ module }: Record<string, unknown>): string | undefined {
  const name = isObject(module) ? module["api_name"] : module;
  return typeof name === "string" && /^\w+$/.test(name) ? moduleOfEngine(name) : undefined;
}

function kindOf(error: BiginErrorBody | undefined, status: number): Kind {
  if (error && isOutOfCredits(error)) return "out_of_credits";
  const known = ownValue(kinds, error?.code ?? "");
  if (known) return known;
  // Maton's own errors have another form: in Zoho's, a refusal is never about the key.
  return error && (status === 401 || status === 403) ? "not_permitted" : kindOfStatus(status);
}

/**
 * Used-up credits come as 429 or as 400 LIMIT_EXCEEDED (docs/reference/bigin-api.md §5). The same code with the name of a
 * parameter or with a limit is about the request.
 */
function isOutOfCredits({ code, message, details }: BiginErrorBody): boolean {
  if (!/LIMIT_EXCEEDED/.test(code)) return false;
  if (/credit|api call/i.test(message)) return true;
  return code === "API_LIMIT_EXCEEDED" || Object.keys(details).length === 0;
}

function kindOfStatus(status: number): Kind {
  if (status === 429) return "rate_limited";
  if (status === 401 || status === 403) return "key_refused";
  if (status >= 500 || status === 408) return "unavailable";
  return "rejected";
}

/** Upstream text on one line, cut to `longestDetail` characters. */
function onOneLine(text: string): string {
  return cleanText(text).replace(/\s+/g, " ").trim().slice(0, longestDetail);
}

/**
 * Parses a body. Throws a "malformed" Failure if it does not match the schema; `asked` names the request in the
 * failure.
 */
export function parseAs<T>(schema: z.ZodType<T>, body: unknown, asked: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw malformed(asked);
}

/** The failure for a body that has not the documented shape. */
export function malformed(asked: string): Failure {
  return new Failure({
    origin: "bigin",
    kind: "malformed",
    message: "Bigin's response does not have the documented shape.",
    asked,
  });
}
