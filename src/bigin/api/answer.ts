import type * as z from "zod";
import { Failure } from "../../shared/failure.ts";

/** Reads an answer by its schema; what does not fit is a failure of Bigin's, named by the request. */
export function parseAs<T>(schema: z.ZodType<T>, body: unknown, asked: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Failure({
    origin: "bigin",
    kind: "malformed",
    message: "Bigin's answer does not have the documented shape.",
    asked,
  });
}
