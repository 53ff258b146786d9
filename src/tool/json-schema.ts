import * as z from "zod";

export type JsonSchema = { [key: string]: unknown };

/**
 * The JSON Schema that hosts get, without what only costs tokens (docs/decisions/0007). Outputs are converted as inputs
 * too: zod closes the objects of outputs, and our replies may have further properties.
 */
export function jsonSchemaOf(schema: z.ZodObject): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-2020-12",
    override: ({ jsonSchema, path }) => {
      // Hosts check the names at the root. Inside lists only we do.
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
