import { Failure, type Kind } from "../failure.ts";
import type { BiginHttp } from "./http.ts";

/** What one cheap read says of a module or an endpoint group. */
export type Access = "granted" | "scope missing" | "not permitted" | "unknown";

const groups: Readonly<
  Record<string, { path: readonly string[]; query?: Record<string, string | number> }>
> = {
  search: { path: ["Contacts", "search"], query: { word: "aa", fields: "id", per_page: 1 } },
  fields: { path: ["settings", "fields"], query: { module: "Contacts" } },
  layouts: { path: ["settings", "layouts"], query: { module: "Pipelines" } },
  related_lists: { path: ["settings", "related_lists"], query: { module: "Contacts" } },
  views: { path: ["settings", "custom_views"], query: { module: "Contacts" } },
  users: { path: ["users"], query: { type: "CurrentUser" } },
  organisation: { path: ["org"] },
  count: { path: ["Contacts", "actions", "count"] },
  tags: { path: ["settings", "tags"], query: { module: "Contacts" } },
};

const answers: Partial<Record<Kind, Access>> = {
  scope_missing: "scope missing",
  not_permitted: "not permitted",
};

/** Asks each module and endpoint group once, as cheaply as it can be asked; one credit each. */
export async function checkAccess(
  http: BiginHttp,
  modules: readonly string[],
): Promise<[string, Access][]> {
  const ofModules = modules.map((module): [string, Parameters<typeof probe>[1]] => [
    module,
    { path: [module], query: { fields: "id", per_page: 1 } },
  ]);
  const asked = [...ofModules, ...Object.entries(groups)];
  return Promise.all(
    asked.map(
      async ([name, request]): Promise<[string, Access]> => [name, await probe(http, request)],
    ),
  );
}

async function probe(
  http: BiginHttp,
  request: { path: readonly string[]; query?: Record<string, string | number> },
): Promise<Access> {
  try {
    await http.send({ method: "GET", ...request });
    return "granted";
  } catch (error) {
    if (!(error instanceof Failure) || error.facts.origin !== "bigin") throw error;
    return answers[error.facts.kind] ?? "unknown";
  }
}
