import type { IncomingMessage, ServerResponse } from "node:http";
import { factsOf, type Log } from "../logging/log.ts";
import { type Caller, type Callers, changedHeader, type ServerFactory } from "./auth.ts";
import type { HttpLimits } from "./limits.ts";
import { errorCode, idOf, Refusal } from "./respond.ts";

/** What the HTTP transports share. */
export interface HttpContext {
  makeServer: ServerFactory;
  sessions: Sessions;
  callers: Callers;
  limits: HttpLimits;
  log: Log;
}

/** A request, its response, and its body if it has one. */
type Exchange = [req: IncomingMessage, res: ServerResponse, body: unknown];

interface Session {
  id: string;
  kind: "sse" | "streamable";
  /** Handles one request of the session's own caller. */
  receive(...exchange: Exchange): Promise<void>;
  /** Closes the session's transport, and with it its server. */
  close(): Promise<void>;
}

interface Entry extends Session {
  caller: Caller;
  /** The id of the response that opened the session, which its log lines have too. */
  openedBy: string;
  /** Responses in progress, open streams included. */
  open: number;
  lastUsedAt: number;
}

type Sessions = ReturnType<typeof createSessions>;

/** The open sessions: limited in number, each bound to its caller, closed when idle. */
export function createSessions(limits: HttpLimits, log: Log, callers: Callers) {
  const entries = new Map<string, Entry>();
  let isClosing = false;

  function closeIdle(): void {
    const idleSince = now() - limits.sessionIdleMs;
    for (const entry of entries.values()) {
      if (entry.open > 0 || entry.lastUsedAt > idleSince) continue;
      const { openedBy: id, kind } = entry;
      log.info({ id, kind, open: entries.size - 1 }, "closed an idle session");
      void end(entry);
    }
  }
  const timer = setInterval(closeIdle, limits.sessionCheckMs).unref();

  async function end(entry: Entry): Promise<void> {
    entries.delete(entry.id);
    try {
      await entry.close();
    } catch (error) {
      log.error({ id: entry.openedBy, err: factsOf(error) }, "closing a session failed");
    }
  }

  function isFull(kind: Session["kind"]): boolean {
    if (entries.size >= limits.sessions) closeIdle();
    if (entries.size >= limits.sessions) return true;
    const streams = [...entries.values()].filter((entry) => entry.kind === "sse");
    return kind === "sse" && streams.length >= limits.sseStreams;
  }

  return {
    size: () => entries.size,
    /** Throws a 503 if no session can be opened now. */
    requireRoom(kind: Session["kind"]): void {
      if (!isClosing && !isFull(kind)) return;
      const message = isClosing
        ? "The server is stopping."
        : "The server has no room for another session: close one, or try again in a minute.";
      throw new Refusal(503, message, { "Retry-After": "60" });
    },
    /** Adds a session. It belongs to the caller of this request, and to no other. */
    add(session: Session, req: IncomingMessage, res: ServerResponse): void {
      const caller = callers.of(req);
      const entry = { ...session, caller, openedBy: idOf(res), open: 0, lastUsedAt: now() };
      entries.set(session.id, entry);
      keepBusy(entry, res);
    },
    /** Passes a request to its session. Throws a 404 if there is none, or if it is another caller's. */
    async deliver(kind: Session["kind"], id: string, ...[req, res, body]: Exchange): Promise<void> {
      const entry = entries.get(id);
      const caller = callers.of(req);
      // The same error for another caller's session: knowing an id proves nothing.
      if (entry?.kind !== kind || entry.caller.id !== caller.id)
        throw new Refusal(404, "Session not found: open a new one.", {}, errorCode.noSession);
      const changed = changedHeader(entry.caller, caller);
      // The server of a session was made for its first headers. Ignoring a change could write to the wrong connection.
      if (changed)
        throw new Refusal(400, `The session was opened with another ${changed}: open a new one.`);
      keepBusy(entry, res);
      await entry.receive(req, res, body);
    },
    remove: (id: string) => void entries.delete(id),
    /** Closes all sessions and refuses new ones. */
    async close(): Promise<void> {
      isClosing = true;
      clearInterval(timer);
      await Promise.all([...entries.values()].map(end));
    },
  };
}

/** Keeps a session from counting as idle until this response has ended or its client is gone. */
function keepBusy(entry: Entry, res: ServerResponse): void {
  entry.lastUsedAt = now();
  if (res.destroyed) return;
  entry.open += 1;
  res.once("close", () => {
    entry.open -= 1;
    entry.lastUsedAt = now();
  });
}

/** By the monotonic clock: a wall clock that is set forward must not close sessions. */
function now(): number {
  return performance.now();
}
