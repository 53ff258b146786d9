import * as z from "zod";
import { type Confirm, mayNeedConfirmation } from "./confirm.ts";
import type { Tool } from "./define.ts";
import { connectionId } from "./params.ts";

/**
 * Arguments that a tool gets from what it is, and not from its own definition. The catalogue adds them to the schema,
 * and the server takes them off again before the tool runs.
 */
export interface SharedArguments {
  /** The connection the call goes over. */
  connection_id?: string | undefined;
  page_token?: string | undefined;
  dry_run?: boolean | undefined;
  confirm_token?: string | undefined;
  idempotency_key?: string | undefined;
}

/** Each shared argument: its schema, and the tools that take it. */
const sharedArguments: {
  [Name in keyof Required<SharedArguments>]: {
    schema: z.ZodOptional;
    takenBy(tool: Tool, confirm: Confirm): boolean;
  };
} = {
  connection_id: {
    schema: connectionId
      .optional()
      .describe("Connection id (bigin_list_connections), if several are ACTIVE"),
    takenBy: (tool) => tool.scope === "connection",
  },
  page_token: {
    schema: z.string().min(1).optional().describe("To read on: page_token from the last reply"),
    takenBy: (tool) => tool.effect === "read" && tool.paged === true,
  },
  dry_run: {
    schema: z.boolean().optional().describe("Preview the change without sending it"),
    takenBy: (tool) => tool.effect !== "read" && tool.scope === "connection",
  },
  confirm_token: {
    schema: z
      .string()
      .min(1)
      .optional()
      .describe("To confirm, if the user wants this: the confirm_token of the first reply"),
    takenBy: (tool, confirm) => mayNeedConfirmation(tool.effect, confirm),
  },
  idempotency_key: {
    schema: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe("Your own key for a safe retry: the same key returns the first result"),
    takenBy: (tool) => tool.effect !== "read" && tool.inserts === true,
  },
};

const names = Object.keys(sharedArguments) as (keyof SharedArguments)[];

/** The tool's input with the shared arguments it takes, which keep their place behind its own. */
export function withSharedArguments(tool: Tool, confirm: Confirm): z.ZodObject {
  const taken = names.filter((name) => sharedArguments[name].takenBy(tool, confirm));
  const shape = Object.fromEntries(taken.map((name) => [name, sharedArguments[name].schema]));
  return tool.input.safeExtend(shape);
}

const parsed = z.object({
  connection_id: z.string().optional(),
  page_token: z.string().optional(),
  dry_run: z.boolean().optional(),
  confirm_token: z.string().optional(),
  idempotency_key: z.string().optional(),
});

/** Splits checked arguments into the tool's own and the shared ones. A tool of scope "account" owns its `connection_id`. */
export function splitArguments(
  tool: Tool,
  args: Readonly<Record<string, unknown>>,
): { own: Record<string, unknown>; shared: SharedArguments } {
  const isShared = (name: string) =>
    Object.hasOwn(sharedArguments, name) && !Object.hasOwn(tool.input.shape, name);
  const entries = Object.entries(args);
  return {
    own: Object.fromEntries(entries.filter(([name]) => !isShared(name))),
    shared: parsed.parse(Object.fromEntries(entries.filter(([name]) => isShared(name)))),
  };
}
