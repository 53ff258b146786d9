import * as z from "zod";

export type JsonSchema = { [key: string]: unknown };

/**
 * A tool's schema as it is advertised: JSON Schema without the `$schema` line, which only costs tokens. Inputs
 * and outputs are both shown as they are before parsing: zod closes objects on its output side, and our
 * replies are loose on purpose.
 */
export function jsonSchemaOf(schema: z.ZodObject): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-2020-12",
    override: ({ jsonSchema, path }) => {
      // Inside a list our own check refuses what is unknown; at the root hosts should too.
      if (path.length > 0 && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
      // The descriptions say these in fewer tokens, and our own check says them in words.
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
