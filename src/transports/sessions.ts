import type { Request, Response } from "express";
import { callerOf, fingerprint } from "./credential.ts";
import type { HttpLimits, Log } from "./limits.ts";
import { errorCode, refuse } from "./reply.ts";

interface Session {
  id: string;
  kind: "sse" | "streamable";
  /** Handles one request of the session's own caller. */
  receive(req: Request, res: Response): Promise<void>;
  /** Closes the session's transport, and with it its server. */
  close(): Promise<void>;
}

interface Entry extends Session {
  owner: string;
  connection: string | undefined;
  /** Answers under way: requests in flight and open streams. */
  busy: number;
  lastSeen: number;
}

export interface Sessions {
  size(): number;
  /** Whether a session may be opened now; when not, the request is answered. */
  hasRoom(res: Response): boolean;
  /** Enters a session, which from now on belongs to the credential that this request carries. */
  add(session: Session, req: Request, res: Response): void;
  /** Hands a request to its session; when there is none, or it is another caller's, answers itself. */
  deliver(kind: Session["kind"], id: string, req: Request, res: Response): Promise<void>;
  remove(id: string): void;
  /** Closes all sessions and lets no new one in. */
  close(): Promise<void>;
}

/** The table of open sessions: bounded, bound to credentials, cleared of idle ones. */
export function createSessions(limits: HttpLimits, log: Log): Sessions {
  const entries = new Map<string, Entry>();
  let closing = false;

  const reap = () => {
    const idleSince = Date.now() - limits.sessionIdleMs;
    for (const entry of entries.values()) {
      if (entry.busy > 0 || entry.lastSeen > idleSince) continue;
      log.info({ kind: entry.kind, open: entries.size - 1 }, "closed an idle session");
      void end(entry);
    }
  };
  const reaper = setInterval(reap, limits.reapEveryMs).unref();

  async function end(entry: Entry): Promise<void> {
    entries.delete(entry.id);
    try {
      await entry.close();
    } catch (error) {
      log.error({ err: error }, "a session did not close");
    }
  }

  return {
    size: () => entries.size,
    hasRoom(res) {
      if (entries.size >= limits.sessions) reap();
      if (!closing && entries.size < limits.sessions) return true;
      res.set("Retry-After", "60");
      refuse(res, 503, closing ? "The server is stopping." : full(limits.sessions));
      return false;
    },
    add(session, req, res) {
      const { connection } = callerOf((name) => req.get(name));
      const owner = fingerprint(req.headers);
      const entry = { ...session, owner, connection, busy: 0, lastSeen: Date.now() };
      entries.set(session.id, entry);
      hold(entry, res);
    },
    async deliver(kind, id, req, res) {
      const entry = entries.get(id);
      // Another caller's session is answered like one that never was: an id proves nothing.
      if (entry?.kind !== kind || entry.owner !== fingerprint(req.headers)) {
        refuse(res, 404, "Session not found: open a new one.", errorCode.noSession);
      } else if (choosesAnotherConnection(entry, req)) {
        refuse(res, 400, "The session was opened for another Maton-Connection: open a new one.");
      } else {
        hold(entry, res);
        await entry.receive(req, res);
      }
    },
    remove: (id) => void entries.delete(id),
    async close() {
      closing = true;
      clearInterval(reaper);
      await Promise.all([...entries.values()].map(end));
    },
  };
}

/** Keeps a session from counting as idle until this answer is finished or its client is gone. */
function hold(entry: Entry, res: Response): void {
  entry.lastSeen = Date.now();
  if (res.destroyed) return;
  entry.busy += 1;
  res.once("close", () => {
    entry.busy -= 1;
    entry.lastSeen = Date.now();
  });
}

/** A session's server was made for one connection; to ignore another header would write to the wrong one. */
function choosesAnotherConnection(entry: Entry, req: Request): boolean {
  const { connection } = callerOf((name) => req.get(name));
  return connection !== undefined && connection !== entry.connection;
}

function full(bound: number): string {
  return `The server has ${bound} sessions open, which is all it takes: close one or try again later.`;
}
