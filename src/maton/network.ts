import { subscribe } from "node:diagnostics_channel";

const connecting = new WeakSet<object>();

// Node's fetch and the library for proxies name here each error that comes before a request is sent.
subscribe("undici:client:connectError", (message) => {
  const { error } = Object(message);
  if (error instanceof Error) connecting.add(error);
});

/** True if `fetch` failed while it connected: the name, the port, the certificate. Nothing can have been carried out then. */
export function wasConnecting(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && connecting.has(error.cause);
}

/** Node's code for a failure of `fetch`, such as ECONNREFUSED. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? ownCodeOf(error.cause) : undefined;
}

/** Node's code for a failure of a socket. */
export function ownCodeOf(error: unknown): string | undefined {
  const { code } = Object(error);
  return typeof code === "string" ? code : undefined;
}
