import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Caller } from "./caller.ts";

const keyHeader = "x-maton-api-key";
const connectionHeader = "maton-connection";

/** Works for headers of both kinds: `callerOf((name) => headers.get(name))`. */
export function callerOf(header: (name: string) => string | null | undefined): Caller {
  const matonKey = header(keyHeader)?.trim();
  const connection = header(connectionHeader)?.trim();
  return { ...(matonKey && { matonKey }), ...(connection && { connection }) };
}

/** What tells one credential from another; safe to keep, for nothing can be read back from it. */
export function fingerprint(headers: IncomingHttpHeaders): string {
  const credential = JSON.stringify([headers.authorization, headers[keyHeader]]);
  return createHash("sha256").update(credential).digest("hex");
}
