import * as z from "zod";
import { type Confirm, mayNeedConfirmation } from "./confirm.ts";
import type { Tool } from "./define.ts";
import { connectionId } from "./params.ts";

/**
 * Arguments that tools have in common. The catalogue adds them to a tool's schema, depending on its effect and scope,
 * and the server removes them before the tool runs.
 */
export interface SharedArguments {
  /** The connection the call goes over. */
  connection_id?: string | undefined;
  page_token?: string | undefined;
  dry_run?: boolean | undefined;
  confirm_token?: string | undefined;
  idempotency_key?: string | undefined;
}

const schemas = z.object({
  connection_id: connectionId
    .optional()
    .describe("Connection id (bigin_list_connections), if several are ACTIVE"),
  page_token: z.string().min(1).optional().describe("Next page: page_token from the last reply"),
  dry_run: z.boolean().optional().describe("Preview the change without sending it"),
  confirm_token: z
    .string()
    .min(1)
    .optional()
    .describe("confirm_token from the first reply, if the user wants the change"),
  idempotency_key: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("Your own key for a safe retry: the same key returns the first result"),
});

/** Which tools take each of them. */
const takenBy: Readonly<Record<keyof SharedArguments, (tool: Tool, confirm: Confirm) => boolean>> =
  {
    connection_id: (tool) => tool.scope === "connection",
    page_token: (tool) => tool.effect === "read" && tool.paged === true,
    dry_run: (tool) => tool.effect !== "read" && tool.scope === "connection",
    // Some deletes must be confirmed whatever the settings say.
    confirm_token: (tool, confirm) =>
      (tool.effect === "delete" && tool.scope === "connection") ||
      mayNeedConfirmation(tool.effect, confirm),
    idempotency_key: (tool) => tool.effect !== "read" && tool.inserts === true,
  };

/** The tool's input with the shared arguments it takes, which come after its own. */
export function withSharedArguments(tool: Tool, confirm: Confirm): z.ZodObject {
  const taken = schemas.keyof().options.filter((name) => takenBy[name](tool, confirm));
  return tool.input.safeExtend(
    Object.fromEntries(taken.map((name) => [name, schemas.shape[name]])),
  );
}

/**
 * Splits checked arguments into the tool's own and the shared ones. An argument that the tool defines is its own: the
 * `connection_id` of a tool that works on the account.
 */
export function splitArguments(
  tool: Tool,
  args: Readonly<Record<string, unknown>>,
): { own: Record<string, unknown>; shared: SharedArguments } {
  const entries = Object.entries(args);
  return {
    own: Object.fromEntries(entries.filter(([name]) => !isShared(name, tool))),
    shared: schemas.parse(Object.fromEntries(entries.filter(([name]) => isShared(name, tool)))),
  };
}

/** Whether an argument of this name is a shared one, and not the tool's own. */
export function isShared(name: string, tool: Tool): boolean {
  return Object.hasOwn(schemas.shape, name) && !Object.hasOwn(tool.input.shape, name);
}
