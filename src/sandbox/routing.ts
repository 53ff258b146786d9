import { unknownModule } from "./errors.ts";
import type { ModuleDef } from "./schema.ts";
import type { SandboxStore } from "./store.ts";

interface Settings {
  readonly key: string;
  readonly profile: "full" | "maton";
  readonly activateOnLook: number | false;
  readonly authorizeUrl: string;
  readonly createShape: 1 | 2 | 3;
  readonly honourIds: boolean;
}

export interface World {
  readonly store: SandboxStore;
  readonly settings: Settings;
  /** The connection each request goes over. */
  readonly serving: WeakMap<Request, string>;
}

/** One request, taken apart: what a route may look at. */
export interface Call {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  header(name: string): string | undefined;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

type Verb = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Route {
  readonly verb: Verb;
  /** Below /zoho-bigin/bigin/v2, with hono's `:name` parameters. */
  readonly path: string;
  /** Areas of the OAuth grant this needs, such as "modules.Contacts" or "users". */
  readonly scopes: (params: Readonly<Record<string, string>>) => string[];
  readonly handle: (call: Call, world: World) => Reply;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const nothing: Reply = { status: 204 };

export function moduleOf(call: Call, world: World): ModuleDef {
  const def = world.store.modules.get(call.params["module"] ?? "");
  if (!def?.supported) throw unknownModule();
  return def;
}

export const moduleScope = (params: Readonly<Record<string, string>>): string[] => [
  `modules.${params["module"]}`,
];
