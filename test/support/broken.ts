import { type ConnectOptions, connect } from "./connect.ts";
import type { Reply } from "./writes.ts";

export const contracts = ["documented", "engine"] as const;
type Contract = (typeof contracts)[number];
/** Changes the items of a list of metadata. */
export type Change = (items: Reply[]) => unknown[];

/** An organisation whose list under a key of metadata, or of users, is changed. */
export function broken(contract: Contract, key: string, change: Change, more: ConnectOptions = {}) {
  const alter: ConnectOptions["alter"] = (path, body) => {
    const list = body[key];
    const isMetadata = path.includes("/settings/") || path.endsWith("/users");
    return isMetadata && Array.isArray(list) ? { ...body, [key]: change(list) } : body;
  };
  return connect({ contract, alter, ...more });
}

/** Replaces one field of the metadata. */
export function ofField(name: string, changed: unknown): Change {
  return (items) =>
    items.map((item) =>
      item["api_name"] !== name ? item : changed === null ? null : { ...item, ...Object(changed) },
    ) as unknown[];
}
