import {
  createSandbox,
  type Fault,
  type Sandbox,
  type SandboxOptions,
} from "../../src/sandbox/app.ts";
import type { StoredRecord } from "../../src/sandbox/store.ts";

/** The sandbox's clock at the start: 10:00 in the organisation's zone. */
export const startedAt = Date.parse("2026-11-20T15:00:00Z");
export const gateway = "https://gateway.maton.ai/zoho-bigin/bigin/v2";
export const controlHost = "https://ctrl.maton.ai";

/** A record, or the outcome of one row of a write. Which keys there are depends on the request. */
interface ReplyRow {
  [key: string]: unknown;
  id: string;
  code: string;
  message: string;
  status: string;
  action: string;
  details: { [key: string]: unknown; id: string; api_name: string };
}

interface Option {
  actual_value: string;
  maps: { api_name: string; pick_list_values: Option[] }[];
}

export interface FieldMetadata {
  api_name: string;
  pick_list_values: Option[];
}

interface ConnectionBody {
  connection_id: string;
  status: string;
  creation_time: string;
  url: string;
}

/** A reply has the keys that its endpoint returns, and no others. */
interface ReplyBody {
  data: ReplyRow[];
  info: {
    [key: string]: unknown;
    count: number;
    next_page_token: string | null;
    previous_page_token: string | null;
    page_token_expiry: string | null;
  };
  count: number;
  code: string;
  message: string;
  details: Record<string, unknown>;
  error: { message: string; type?: string; code: number };
  connections: ConnectionBody[];
  connection: ConnectionBody;
  modules: ReplyRow[];
  fields: FieldMetadata[];
  layouts: { id: string; name: string; sections: { fields: FieldMetadata[] }[] }[];
  custom_views: { id: string; name: string }[];
  users: { full_name: string }[];
}

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed text; empty when the text is not JSON. */
  body: ReplyBody;
  /** The first row of `data`. Throws when there is none. */
  readonly row: ReplyRow;
}

export interface SandboxClient {
  sandbox: Sandbox;
  /** The time of the sandbox's clock in milliseconds. Tests may change it. */
  time: { now: number };
  /** Sends a request with the key. A path is below /zoho-bigin/bigin/v2; other URLs are complete. */
  send(
    method: string,
    pathOrUrl: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply>;
  get(path: string, query?: Record<string, string>): Promise<Reply>;
  /** Inserts rows, at most 100. */
  insert(module: string, ...rows: unknown[]): Promise<Reply>;
  /** Inserts a row that is accepted. Returns its id. */
  add(module: string, row: unknown): Promise<string>;
  /** Updates with rows, or links a record. */
  put(path: string, ...rows: unknown[]): Promise<Reply>;
  /** A record as the sandbox holds it. */
  stored(module: string, id: string): StoredRecord | undefined;
  /** The id of the nth record of a module, from 0, in the order of creation. */
  id(module: string, nth?: number): string;
}

/** A sandbox whose clock only moves when a test moves it, and plain HTTP requests to it. */
export function createSandboxClient(options: SandboxOptions = {}): SandboxClient {
  const time = { now: startedAt };
  const sandbox = createSandbox({ clock: () => time.now, ...options });
  const send: SandboxClient["send"] = async (method, pathOrUrl, body, headers = {}) => {
    const response = await sandbox.fetch(
      pathOrUrl.startsWith("http") ? pathOrUrl : gateway + pathOrUrl,
      {
        method,
        headers: { authorization: "Bearer sandbox", ...headers },
        body:
          body === undefined || typeof body === "string" ? (body ?? null) : JSON.stringify(body),
      },
    );
    return readReply(response, `${method} ${pathOrUrl}`);
  };
  return {
    sandbox,
    time,
    send,
    get(path, query = {}) {
      const search = new URLSearchParams(query).toString();
      return send("GET", search === "" ? path : `${path}?${search}`);
    },
    insert: (module, ...rows) => send("POST", `/${module}`, { data: rows }),
    async add(module, row) {
      const reply = await send("POST", `/${module}`, { data: [row] });
      if (reply.status !== 201) throw new Error(`not added: ${reply.text}`);
      return reply.row.details.id;
    },
    put: (path, ...data) => send("PUT", path, { data }),
    stored: (module, id) => sandbox.store.records(module).get(id),
    id(module, nth = 0) {
      const id = [...sandbox.store.records(module).keys()][nth];
      if (id === undefined) throw new Error(`${module} has no record ${nth}.`);
      return id;
    },
  };
}

/** Reads a response of the sandbox. `asked` names the request in errors. */
export async function readReply(response: Response, asked: string): Promise<Reply> {
  const text = await response.text();
  const body = parse(text);
  return {
    status: response.status,
    headers: response.headers,
    text,
    body,
    get row() {
      const [row] = body.data ?? [];
      if (!row) throw new Error(`${asked} returned no row: ${text}`);
      return row;
    },
  };
}

function parse(text: string): ReplyBody {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse("{}");
  }
}

export function fault(does: Fault["does"], when: Omit<Fault, "does"> = {}): Fault {
  return { ...when, does };
}
