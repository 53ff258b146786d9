import type { Host } from "./errors.ts";

/** Maton's own pages now name only this host; the program's defaults are older (docs/reference/maton-gateway.md §1). */
const newerUrl = "https://api.maton.ai";
const olderUrls: readonly string[] = ["https://gateway.maton.ai", "https://ctrl.maton.ai"];

/** The addresses of Maton's two hosts. */
export interface Hosts {
  /** Without a slash at the end. */
  url(host: Host): string;
  /**
   * Replaces the address that could not be resolved by the newer one; true if a request can be sent again. Another request
   * may have replaced it already.
   */
  replace(host: Host, unresolved: string): boolean;
  /** Goes back to the older address. */
  restore(host: Host): void;
}

/** `onReplaced` is called with the names of a host that is replaced by a newer one. */
export function createHosts(
  urls: Readonly<Record<Host, string>>,
  onReplaced: (older: string, newer: string) => void = () => undefined,
): Hosts {
  const current = { ...urls };
  return {
    url: (host) => current[host],
    replace(host, unresolved) {
      if (current[host] !== unresolved) return true;
      if (!olderUrls.includes(unresolved)) return false;
      onReplaced(nameIn(unresolved), nameIn(newerUrl));
      current[host] = newerUrl;
      return true;
    },
    restore(host) {
      current[host] = urls[host];
    },
  };
}

/** The name of a host, for messages. */
export function hostNameOf(hosts: Hosts, host: Host): string {
  return nameIn(hosts.url(host));
}

function nameIn(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
