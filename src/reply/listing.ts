import { defaultColumns } from "../bigin/schema/columns.ts";
import { fieldNamed, type Schema } from "../bigin/schema/schema.ts";
import type { ToolContext } from "../tool/define.ts";
import type { Renderer } from "./table.ts";

export type { Renderer } from "./table.ts";

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
  context: ToolContext,
): Promise<View> {
  const { bigin } = context;
  const schema = await bigin.understand.schema(module);
  // Keys with a $ are the engine's own and stand in no metadata.
  const fields = named?.map((name) =>
    name.startsWith("$") || name === "id" ? name : fieldNamed(schema, name).apiName,
  );
  return {
    schema,
    fields: fields ?? defaultColumns(schema),
    named: fields !== undefined,
    renderer: await createRendererFor(schema, context),
    caveat: schema.checked
      ? {}
      : { not_checked: "custom fields and options: this connection is not granted the metadata" },
  };
}

/** Renders records of a module in the organisation's zone. */
export async function createRendererFor(schema: Schema, { bigin }: ToolContext): Promise<Renderer> {
  // Loaded with the first reply: it brings the time zones.
  const { createRenderer } = await import("./table.ts");
  return createRenderer(schema, await bigin.understand.zone());
}
