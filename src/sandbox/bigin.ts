import { type Context, Hono } from "hono";
import { invalidData, refusal, unknownModule, unknownPath, wrongVerb } from "./errors.ts";
import { requireScopes } from "./gateway.ts";
import { sprinkle } from "./noise.ts";
import { organisationRoutes } from "./routes/organisation.ts";
import { recordRoutes } from "./routes/records.ts";
import { relatedRoutes } from "./routes/related.ts";
import { countRoutes, searchRoutes } from "./routes/search.ts";
import { settingsRoutes } from "./routes/settings.ts";
import { userRoutes } from "./routes/users.ts";
import { writeRoutes } from "./routes/writes.ts";
import type { ApiReply, ApiRequest, Backend, Route, SandboxEnv } from "./routing.ts";
import { isObject } from "./schema.ts";

const fixedRoutes = [...settingsRoutes, ...userRoutes, ...organisationRoutes, ...countRoutes];
const moduleRoutes = [...searchRoutes, ...recordRoutes, ...writeRoutes, ...relatedRoutes];

/** Documented by Bigin but not emulated: answered like a path that Bigin does not know. */
const notEmulated = [
  "/coql",
  "/files",
  "/upload",
  "/actions/*",
  "/settings/*",
  "/org/*",
  "/users/*",
  "/:module/actions/*",
  "/:module/:id/actions/*",
  "/:module/:id/photo",
  "/:module/:id/Attachments/*",
  "/:module/:id/Emails",
];

const base = "/bigin/v2";

/** The Bigin v2 API. Hono takes the first route that matches, so fixed paths come before `/:module`. */
export function createBigin(): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();
  mount(app, fixedRoutes);
  for (const path of notEmulated) app.all(base + path, refusePath);
  mount(app, moduleRoutes);
  app.all("/*", refusePath);
  return app;
}

function refusePath(): never {
  throw unknownPath();
}

function refuseVerb(): never {
  throw wrongVerb();
}

function mount(app: Hono<SandboxEnv>, routes: readonly Route[]): void {
  const paths = [...new Set(routes.map((route) => route.path))];
  for (const path of paths.sort((a, b) => countParameters(a) - countParameters(b))) {
    for (const route of routes.filter((entry) => entry.path === path))
      app.on(route.verb, base + path, (c) => run(c, route));
    app.all(base + path, refuseVerb);
  }
}

function countParameters(path: string): number {
  return path.split("/:").length;
}

async function run(c: Context<SandboxEnv>, route: Route): Promise<Response> {
  const { backend } = c.env;
  const params = c.req.param();
  const refused = backend.settings.refused.find(
    (one) => one.path === route.path && (one.method ?? route.verb) === route.verb,
  );
  if (refused) throw refusal(refused);
  checkModule(params["module"], backend);
  requireScopes(backend, route.scopes(params));
  const url = new URL(c.req.url);
  const request: ApiRequest = {
    path: url.pathname,
    params,
    query: url.searchParams,
    body: await readBody(c),
    header: (name) => c.req.header(name),
  };
  const reply = route.handle(request, backend);
  const { noise, bareRows } = backend.settings;
  if (noise !== undefined && /^\/(settings|users|org)\b/.test(route.path))
    return toResponse(withNoise(reply, `${noise} ${url.pathname}${url.search}`));
  return toResponse(bareRows && route.verb !== "GET" ? withBareRows(reply) : reply);
}

function withNoise(reply: ApiReply, seed: string): ApiReply {
  const { status, body, json } = reply;
  const content: unknown = json === undefined ? body : JSON.parse(json);
  return { status, ...(content !== undefined && { body: sprinkle(content, seed) }) };
}

/** Failed rows without details, and no row with an `action`. */
function withBareRows(reply: ApiReply): ApiReply {
  const { status, body } = reply;
  if (!isObject(body) || !Array.isArray(body["data"])) return reply;
  const data = body["data"].map(({ action: _, ...row }) =>
    row["status"] === "error" ? { ...row, details: null } : row,
  );
  return { status, body: { ...body, data } };
}

function checkModule(name: string | undefined, backend: Backend): void {
  if (name === undefined) return;
  const def = backend.store.modules.get(name);
  if (!def?.supported) throw unknownModule();
  if (!def.hasRecords) throw unknownPath();
}

async function readBody(c: Context): Promise<unknown> {
  const text = await c.req.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw invalidData({ expected_data_type: "jsonobject" });
  }
}

function toResponse({ status, body, json }: ApiReply): Response {
  if (body === undefined && json === undefined) return new Response(null, { status });
  return new Response(json ?? JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/json;charset=UTF-8",
      "content-disposition": "attachment; filename=response.json",
    },
  });
}
