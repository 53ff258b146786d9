import { listedIds } from "./replies.ts";
import type { Connected } from "./writes.ts";

type Args = Readonly<Record<string, unknown>>;

/** The argument for one filter. */
export function where(field: string, op: string, value?: unknown) {
  return { filters: [{ field, op, ...(value !== undefined && { value }) }] };
}

/** The replies to a call, page by page, as an agent follows `more`. */
export async function* pages({ call }: Pick<Connected, "call">, name: string, args: Args = {}) {
  let next: unknown = {};
  while (next) {
    const reply = await call(name, { ...args, ...(next as Args) });
    yield reply;
    next = reply["more"];
  }
}

/** The ids in all pages of a list or search, in order. */
export async function allIds(
  connected: Pick<Connected, "call">,
  name: string,
  args?: Args,
): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of pages(connected, name, args)) ids.push(...listedIds(page));
  return ids;
}
