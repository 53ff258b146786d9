import type { McpServer, Server } from "@modelcontextprotocol/server";

/** Who is calling. Everything an HTTP caller may bring along; on stdio all absent. */
export interface Caller {
  /** A Maton key the caller brought (header `X-Maton-Api-Key`); absent: the server's own. */
  matonKey?: string;
  /** The Bigin connection the caller chose (header `Maton-Connection`). */
  connection?: string;
}

export type ServerFactory = (caller: Caller) => McpServer | Server;
