import type { Fault } from "../../src/sandbox/app.ts";

/** JSON text of so many lists, one in the other. */
export const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** An answer of upstream that looks like JSON. */
export const wrong = (body: string, status = 200): Fault["does"] => ({
  kind: "status",
  status,
  body,
  headers: { "content-type": "application/json" },
});
