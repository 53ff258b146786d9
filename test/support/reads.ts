import { listedIds } from "./replies.ts";

type Args = Record<string, unknown>;

interface Caller {
  call(name: string, args: Args): Promise<Readonly<Args>>;
}

/** The argument for one filter. */
export function where(field: string, op: string, value?: unknown) {
  return { filters: [{ field, op, ...(value !== undefined && { value }) }] };
}

/** The replies to a call, page by page, as an agent follows `more`. */
export async function* pages({ call }: Caller, name: string, args: Args = {}) {
  let next: unknown = {};
  while (next) {
    const reply = await call(name, { ...args, ...(next as Args) });
    yield reply;
    next = reply["more"];
  }
}

/** The ids in all pages of a list or search, in order. */
export async function allIds(caller: Caller, name: string, args?: Args): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of pages(caller, name, args)) ids.push(...listedIds(page));
  return ids;
}
