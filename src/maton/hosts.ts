import type { Host } from "./errors.ts";

/** Maton's own pages now name only this host; the program's defaults are older (docs/reference/maton-gateway.md §1). */
const newerUrl = "https://api.maton.ai";
const olderUrls: readonly string[] = ["https://gateway.maton.ai", "https://ctrl.maton.ai"];

/** The addresses of Maton's two hosts. */
export interface Hosts {
  /** Without a slash at the end. */
  url(host: Host): string;
  /** Replaces a host by its newer address; false if it has none, or uses it already. */
  tryNewer(host: Host): boolean;
  /** Goes back to the older address. */
  giveUpNewer(host: Host): void;
}

/** `onReplaced` is called with the names of a host that is replaced by a newer one. */
export function createHosts(
  urls: Readonly<Record<Host, string>>,
  onReplaced: (older: string, newer: string) => void = () => undefined,
): Hosts {
  const current = { ...urls };
  return {
    url: (host) => current[host],
    tryNewer(host) {
      if (!olderUrls.includes(current[host])) return false;
      onReplaced(nameIn(current[host]), nameIn(newerUrl));
      current[host] = newerUrl;
      return true;
    },
    giveUpNewer(host) {
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
