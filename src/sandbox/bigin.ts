import { type Context, Hono } from "hono";
import { invalidData, unknownModule, unknownPath, wrongVerb } from "./errors.ts";
import { requireScopes } from "./gateway.ts";
import { recordRoutes } from "./routes/records.ts";
import { writeRoutes } from "./routes/writes.ts";
import type { Call, Reply, Route, World } from "./routing.ts";

/** Order matters: hono takes the first path that fits, so fixed words stand before parameters. */
const ROUTES: readonly Route[] = [...recordRoutes, ...writeRoutes];

/** Documented by Bigin, not emulated here: answered as a path Bigin does not know. */
const NOT_EMULATED = [
  "/coql",
  "/files",
  "/upload",
  "/actions/*",
  "/settings/*",
  "/org/*",
  "/:module/actions/*",
  "/:module/:id/actions/*",
  "/:module/:id/photo",
  "/:module/:id/Attachments/*",
];

const BASE = "/bigin/v2";

export function createBigin(world: World): Hono {
  const app = new Hono();
  const paths = new Set(ROUTES.map((route) => route.path));
  const fixedFirst = [...paths].sort((a, b) => weight(a) - weight(b));
  for (const path of fixedFirst.filter((name) => weight(name) < GENERAL)) mount(app, path, world);
  for (const path of NOT_EMULATED) {
    app.all(BASE + path, () => {
      throw unknownPath();
    });
  }
  for (const path of fixedFirst.filter((name) => weight(name) >= GENERAL)) mount(app, path, world);
  app.all("/*", () => {
    throw unknownPath();
  });
  return app;
}

const GENERAL = 100;
/** Paths that begin with a module come after those that begin with a word. */
const weight = (path: string): number =>
  path.split("/").reduce((sum, part) => sum + (part.startsWith(":") ? 1 : 0), 0) +
  (path.startsWith("/:module") && !path.includes("/actions/") ? GENERAL : 0);

function mount(app: Hono, path: string, world: World): void {
  for (const route of ROUTES.filter((entry) => entry.path === path)) {
    app.on(route.verb, BASE + path, (c) => run(c, route, world));
  }
  app.all(BASE + path, () => {
    throw wrongVerb();
  });
}

async function run(c: Context, route: Route, world: World): Promise<Response> {
  const params = c.req.param();
  const module = params["module"];
  if (module !== undefined && !world.store.modules.get(module)?.supported) throw unknownModule();
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
