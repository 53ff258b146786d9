import type { IncomingMessage, ServerResponse } from "node:http";
import { factsOf } from "../logging/log.ts";
import { type Callers, wantsOtherwise } from "./auth.ts";
import type { Caller } from "./caller.ts";
import type { HttpLimits, Log } from "./limits.ts";
import { errorCode, idOf, refuse } from "./respond.ts";

/** A request, its answer, and its body, where it has one. */
type Asked = [req: IncomingMessage, res: ServerResponse, body: unknown];

interface Session {
  id: string;
  kind: "sse" | "streamable";
  /** Handles one request of the session's own caller. */
  receive(...asked: Asked): Promise<void>;
  /** Closes the session's transport, and with it its server. */
  close(): Promise<void>;
}

type Id = ReturnType<ServerResponse["getHeader"]>;

interface Entry extends Session {
  caller: Caller;
  /** The id of the request that opened it: by it the session is found in the log. */
  openedBy: Id;
  /** Answers under way: requests in flight and open streams. */
  busy: number;
  lastSeen: number;
}

export interface Sessions {
  size(): number;
  /** Whether a session may be opened now; when not, the request is answered. */
  hasRoom(kind: Session["kind"], res: ServerResponse): boolean;
  /** Enters a session, which from now on belongs to the credential that this request carries. */
  add(session: Session, req: IncomingMessage, res: ServerResponse): void;
  /** Hands a request to its session; when there is none, or it is another caller's, answers itself. */
  deliver(kind: Session["kind"], id: string, ...asked: Asked): Promise<void>;
  remove(id: string): void;
  /** Closes all sessions and lets no new one in. */
  close(): Promise<void>;
}

/** The table of open sessions: bounded, bound to credentials, cleared of idle ones. */
export function createSessions(limits: HttpLimits, log: Log, callers: Callers): Sessions {
  const entries = new Map<string, Entry>();
  let closing = false;

  const reap = () => {
    const idleSince = Date.now() - limits.sessionIdleMs;
    for (const entry of entries.values()) {
      if (entry.busy > 0 || entry.lastSeen > idleSince) continue;
      const { openedBy: id, kind } = entry;
      log.info({ id, kind, open: entries.size - 1 }, "closed an idle session");
      void end(entry);
    }
  };
  const reaper = setInterval(reap, limits.reapEveryMs).unref();

  async function end(entry: Entry): Promise<void> {
    entries.delete(entry.id);
    try {
      await entry.close();
    } catch (error) {
      log.error({ id: entry.openedBy, err: factsOf(error) }, "a session did not close");
    }
  }

  return {
    size: () => entries.size,
    hasRoom(kind, res) {
      const taken = (one: Entry) => one.kind === "sse";
      const streams = () => (kind === "sse" ? [...entries.values()].filter(taken).length : 0);
      if (entries.size >= limits.sessions) reap();
      const isFull = entries.size >= limits.sessions || streams() >= limits.sseStreams;
      if (!closing && !isFull) return true;
      res.setHeader("Retry-After", "60");
      refuse(res, 503, closing ? "The server is stopping." : full);
      return false;
    },
    add(session, req, res) {
      const caller = callers.of(req);
      const openedBy = idOf(res);
      const entry = { ...session, caller, openedBy, busy: 0, lastSeen: Date.now() };
      entries.set(session.id, entry);
      hold(entry, res);
    },
    async deliver(kind, id, req, res, body) {
      const entry = entries.get(id);
      // Another caller's session is answered like one that never was: an id proves nothing.
      if (entry?.kind !== kind || entry.caller.id !== callers.of(req).id) {
        refuse(res, 404, "Session not found: open a new one.", errorCode.noSession);
        return;
      }
      const other = wantsOtherwise(callers, entry.caller, req);
      if (other) {
        // A session's server was made for its first headers; to ignore others would write to the wrong place.
        refuse(res, 400, `The session was opened with another ${other}: open a new one.`);
        return;
      }
      hold(entry, res);
      await entry.receive(req, res, body);
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
function hold(entry: Entry, res: ServerResponse): void {
  entry.lastSeen = Date.now();
  if (res.destroyed) return;
  entry.busy += 1;
  res.once("close", () => {
    entry.busy -= 1;
    entry.lastSeen = Date.now();
  });
}

const full =
  "The server has as many sessions open as it takes: close one, or try again in a minute.";
