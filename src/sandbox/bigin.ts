import { type Context, Hono } from "hono";
import { invalidData, unknownModule, unknownPath, wrongVerb } from "./errors.ts";
import { requireScopes } from "./gateway.ts";
import { organisationRoutes } from "./routes/organisation.ts";
import { recordRoutes } from "./routes/records.ts";
import { relatedRoutes } from "./routes/related.ts";
import { countRoutes, searchRoutes } from "./routes/search.ts";
import { settingsRoutes } from "./routes/settings.ts";
import { userRoutes } from "./routes/users.ts";
import { writeRoutes } from "./routes/writes.ts";
import type { Call, Reply, Route, World } from "./routing.ts";

const WORD_ROUTES = [...settingsRoutes, ...userRoutes, ...organisationRoutes, ...countRoutes];
const MODULE_ROUTES = [...searchRoutes, ...recordRoutes, ...writeRoutes, ...relatedRoutes];

/** Documented by Bigin, not emulated here: answered as a path Bigin does not know. */
const NOT_EMULATED = [
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

const BASE = "/bigin/v2";

/** Hono takes the first path that fits, so words stand before parameters. */
export function createBigin(world: World): Hono {
  const app = new Hono();
  mount(app, WORD_ROUTES, world);
  for (const path of NOT_EMULATED) {
    app.all(BASE + path, () => {
      throw unknownPath();
    });
  }
  mount(app, MODULE_ROUTES, world);
  app.all("/*", () => {
    throw unknownPath();
  });
  return app;
}

const parameters = (path: string): number => path.split("/:").length;

function mount(app: Hono, routes: readonly Route[], world: World): void {
  const paths = [...new Set(routes.map((route) => route.path))];
  for (const path of paths.sort((a, b) => parameters(a) - parameters(b))) {
    for (const route of routes.filter((entry) => entry.path === path)) {
      app.on(route.verb, BASE + path, (c) => run(c, route, world));
    }
    app.all(BASE + path, () => {
      throw wrongVerb();
    });
  }
}

async function run(c: Context, route: Route, world: World): Promise<Response> {
  const params = c.req.param();
  checkModule(params["module"], world);
  requireScopes(world, route.scopes(params));
  const url = new URL(c.req.url);
  const call: Call = {
    path: url.pathname,
    params,
    query: url.searchParams,
    body: await bodyOf(c),
    header: (name) => c.req.header(name),
  };
  return response(route.handle(call, world));
}

function checkModule(name: string | undefined, world: World): void {
  if (name === undefined) return;
  const def = world.store.modules.get(name);
  if (!def?.supported) throw unknownModule();
  if (!def.hasRecords) throw unknownPath();
}

async function bodyOf(c: Context): Promise<unknown> {
  const text = await c.req.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw invalidData({ expected_data_type: "jsonobject" });
  }
}

function response({ status, body }: Reply): Response {
  if (body === undefined) return new Response(null, { status });
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/json;charset=UTF-8",
      "content-disposition": "attachment; filename=response.json",
    },
  });
}
