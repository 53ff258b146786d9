import type { Sandbox } from "../../src/sandbox/app.ts";
import type { Effect, Tool } from "../../src/tool/define.ts";
import { tools } from "../../tools/index.ts";
import { writeIdOf } from "./replies.ts";

type Args = Record<string, unknown>;
type Call = (name: string, args: Args) => Promise<Record<string, unknown>>;

/** What the placeholders of examples are replaced by. */
export interface Ids {
  contact: string;
  company: string;
  deal: string;
  connection: string;
  /** A write that can be listed and undone. */
  write: string;
}

/** One call that a tool gives as an example, with its placeholders. */
export interface Example {
  tool: Tool;
  args: Readonly<Args>;
}

/** Servers under test offer every tool, not only the default ones. */
export const everyToolset: readonly string[] = [...new Set(tools.map(({ toolset }) => toolset))];

const order: readonly Effect[] = ["create", "update", "read", "send", "delete"];

/** The examples of all tools, in an order in which one run can make all the calls: what deletes comes last. */
export const examples: readonly Example[] = order.flatMap((effect) =>
  tools
    .filter((tool) => tool.effect === effect)
    .flatMap((tool) => tool.examples.map((args) => ({ tool, args }))),
);

/** Ids of a sandbox. Examples with different numbers get different records, so that none meets what another deleted. */
export function idsIn({ store }: Sandbox, nth = 0): Omit<Ids, "write"> {
  const idOf = (module: string) => {
    const ids = [...store.records(module).keys()];
    return ids[nth % ids.length] ?? "";
  };
  return {
    contact: idOf("Contacts"),
    company: idOf("Accounts"),
    deal: idOf("Pipelines"),
    // The last one is not the ACTIVE one, without which nothing works.
    connection: [...store.connections().keys()].at(-1) ?? "",
  };
}

/** The arguments of an example, with ids in the place of its placeholders. */
export function filled({ args }: Example, ids: Ids): Args {
  const values: Readonly<Record<string, unknown>> = { ...ids };
  const text = JSON.stringify(args).replace(/\{(\w+)\}/g, (placeholder, name) =>
    Object.hasOwn(values, name) ? String(values[name]) : placeholder,
  );
  return JSON.parse(text);
}

export function needsWrite({ args }: Example): boolean {
  return JSON.stringify(args).includes("{write}");
}

/** Creates a record, and returns the id of the write. */
export async function makeWrite(call: Call): Promise<string> {
  const records = [{ "last name": "Written for an example" }];
  return writeIdOf(await confirmed(call, "bigin_create_records", { module: "contacts", records }));
}

/** Makes the call of an example, and before it the write that it needs. Confirms it if asked. Returns the reply. */
export async function callExample(call: Call, example: Example, ids: Omit<Ids, "write">) {
  const write = needsWrite(example) ? await makeWrite(call) : "";
  return confirmed(call, example.tool.name, filled(example, { ...ids, write }));
}

/** Makes a call, and makes it again with the token if a confirmation is asked for. */
async function confirmed(call: Call, name: string, args: Args) {
  const reply = await call(name, args);
  const { status, confirm_token } = reply;
  return status === "confirmation_required" ? call(name, { ...args, confirm_token }) : reply;
}
