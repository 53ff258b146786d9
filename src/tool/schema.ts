import * as z from "zod";

export type JsonSchema = { [key: string]: unknown };

/**
 * A tool's schema as it is advertised: JSON Schema without the `$schema` line, which only costs tokens. Inputs
 * and outputs are both shown as they are before parsing: zod closes objects on its output side, and our
 * replies are loose on purpose.
 */
export function jsonSchemaOf(schema: z.ZodObject): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" });
  return rest;
}
