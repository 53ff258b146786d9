import { unknownModule } from "./errors.ts";
import type { ModuleDef } from "./schema.ts";
import type { SandboxStore, StoredConnection } from "./store.ts";
import type { Switches } from "./switches.ts";

interface Settings extends Switches {
  readonly key: string;
  readonly profile: "full" | "maton";
  readonly activateOnLook: number | false;
  readonly authorizeUrl: string;
  readonly createShape: 1 | 2 | 3;
}

/** Passed to every route: the data, the settings and the connection of each request. */
export interface Backend {
  readonly store: SandboxStore;
  readonly settings: Settings;
  /** The connection that each request uses. */
  readonly serving: WeakMap<Request, string>;
  /**
   * How often each PENDING connection was read. By object, not by id: after a reset the same ids exist again and start
   * from zero.
   */
  readonly reads: WeakMap<StoredConnection, number>;
}

/** Bindings of hono: all sandboxes share one app, and each request brings the backend it is for. */
export interface SandboxEnv {
  Bindings: { backend: Backend };
}

/** The parts of an HTTP request that a route may read. */
export interface ApiRequest {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The parsed JSON body; undefined when the body is empty. */
  readonly body: unknown;
  header(name: string): string | undefined;
}

export interface ApiReply {
  readonly status: number;
  /** Sent as JSON. With neither `body` nor `json` there is no body. */
  readonly body?: unknown;
  /** JSON that is ready to send. */
  readonly json?: string;
}

type Verb = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Route {
  readonly verb: Verb;
  /** Below /zoho-bigin/bigin/v2, with hono's `:name` parameters. */
  readonly path: string;
  /** The parts of the OAuth grant that the route needs, such as "modules.Contacts" or "users". */
  readonly scopes: (params: Readonly<Record<string, string>>) => string[];
  readonly handle: (request: ApiRequest, backend: Backend) => ApiReply;
}

/** 204: Bigin's response for an empty list and for an unknown id. */
export const noContent: ApiReply = { status: 204 };

export function ok(body: unknown): ApiReply {
  return { status: 200, body };
}

/** The module named in the path. Throws INVALID_MODULE for one that the API does not offer. */
export function moduleOf(request: ApiRequest, backend: Backend): ModuleDef {
  const def = backend.store.modules.get(request.params["module"] ?? "");
  if (!def?.supported) throw unknownModule();
  return def;
}

export function moduleScope(params: Readonly<Record<string, string>>): string[] {
  return [`modules.${params["module"]}`];
}
