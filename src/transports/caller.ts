import type { McpServer, Server } from "@modelcontextprotocol/server";

/** Who is calling. Everything an HTTP caller may bring along; on stdio all absent. */
export interface Caller {
  /** What tells this caller from others: nothing of a credential can be read back from it. */
  id?: string;
  /** A Maton key the caller brought; absent: the server's own. */
  matonKey?: string;
  /** The Bigin connection the caller chose (header `Maton-Connection`). */
  connection?: string;
  /** The caller wants nothing changed (header `X-Bigin-Read-Only`). */
  readOnly?: boolean;
  /** The caller wants only these (header `X-Bigin-Toolsets`); never more than the server offers. */
  toolsets?: readonly string[];
}

export type ServerFactory = (caller: Caller) => McpServer | Server;

/** How HTTP callers show who they are: a token of ours, or their own Maton key. */
export type Auth = "token" | "maton";
