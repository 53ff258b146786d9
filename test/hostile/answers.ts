import type { Fault } from "../../src/sandbox/app.ts";

/** JSON text of lists nested this deep. */
export const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** A response with this body, which claims to be JSON. */
export const wrong = (body: string, status = 200): Fault["does"] => ({
  kind: "status",
  status,
  body,
  headers: { "content-type": "application/json" },
});
