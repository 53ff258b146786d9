import { defaultColumns } from "../bigin/columns.ts";
import { fieldNamed, type Schema } from "../bigin/schema.ts";
import type { ToolContext } from "./define.ts";
import type { Renderer } from "./render.ts";

/** What a tool that shows records of a module needs: its schema, the fields to show, and how to show them. */
export interface View {
  schema: Schema;
  /** API names. */
  fields: readonly string[];
  /** True when the caller named the fields. */
  named: boolean;
  renderer: Renderer;
  /** Said once in the reply where something could not be checked. */
  caveat: { not_checked?: string };
}

/** Resolves the fields a caller named, by label or API name, or takes the module's main ones. */
export async function viewOf(
  module: string,
  named: readonly string[] | undefined,
  { bigin }: ToolContext,
): Promise<View> {
  const [schema, zone] = await Promise.all([
    bigin.understand.schema(module),
    bigin.understand.zone(),
  ]);
  // Loaded with the first reply: it brings the time zones.
  const { createRenderer } = await import("./render.ts");
  // Keys with a $ are the engine's own and stand in no metadata.
  const fields = named?.map((name) =>
    name.startsWith("$") || name === "id" ? name : fieldNamed(schema, name).apiName,
  );
  return {
    schema,
    fields: fields ?? defaultColumns(schema),
    named: fields !== undefined,
    renderer: createRenderer(schema, zone),
    caveat: schema.checked
      ? {}
      : { not_checked: "custom fields and options: this connection is not granted the metadata" },
  };
}
