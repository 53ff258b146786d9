import * as z from "zod";

export type JsonSchema = { [key: string]: unknown };

/**
 * The JSON Schema that hosts get, without what only costs tokens (docs/decisions/0007). Outputs are converted with `io:
 * "input"` too: otherwise zod forbids further properties, and our replies may have some.
 */
export function jsonSchemaOf(schema: z.ZodObject): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-2020-12",
    override: ({ jsonSchema, path }) => {
      // Advertised at the root only. Inside lists the server checks the names.
      if (path.length > 0 && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
      // The descriptions say these in fewer tokens, and our error messages explain them.
      delete jsonSchema.pattern;
      delete jsonSchema.minLength;
      delete jsonSchema.maxLength;
      delete jsonSchema.minItems;
      delete jsonSchema.maxItems;
      delete jsonSchema.minimum;
      delete jsonSchema.maximum;
    },
  });
  return rest;
}
