import { Failure, type Kind } from "../../shared/failure.ts";
import type { BiginHttp } from "./http.ts";

const unsure = "unknown, try again";
/** Whether a connection may read a module or a group of endpoints. */
export type Access = "granted" | "scope missing" | "not permitted" | "refused" | typeof unsure;

interface Probe {
  path: readonly string[];
  query?: Record<string, string | number>;
}

const groups: Readonly<Record<string, Probe>> = {
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

/** Failures that show what the connection is granted. All others may be temporary. */
const lasting: Partial<Record<Kind, Access>> = {
  scope_missing: "scope missing",
  not_permitted: "not permitted",
  rejected: "refused",
};

/**
 * Sends the cheapest possible request to each module and group of endpoints; each costs one credit. `remember` caches
 * lasting results; a probe that fails for another reason is sent again next time. If all probes fail, throws the first
 * failure.
 */
export async function checkAccess(
  http: BiginHttp,
  modules: readonly string[],
  remember: (what: string, probe: () => Promise<Access>) => Promise<Access>,
): Promise<[string, Access][]> {
  const ofModules = modules.map((module): [string, Probe] => [
    module,
    { path: [module], query: { fields: "id", per_page: 1 } },
  ]);
  const probes = [...ofModules, ...Object.entries(groups)];
  const results = await Promise.allSettled(
    probes.map(([what, probe]) => remember(what, () => accessBy(http, probe))),
  );
  const [first] = results;
  // If every probe failed, the connection itself is at fault.
  if (first?.status === "rejected" && results.every(({ status }) => status === "rejected"))
    throw first.reason;
  return probes.map(([what], at) => {
    const result = results[at];
    return [what, result?.status === "fulfilled" ? result.value : unsure];
  });
}

/** Throws temporary failures, so that they are not cached. */
async function accessBy(http: BiginHttp, probe: Probe): Promise<Access> {
  try {
    await http.send({ method: "GET", ...probe });
    return "granted";
  } catch (error) {
    const access = error instanceof Failure ? lasting[error.facts.kind] : undefined;
    if (!access) throw error;
    return access;
  }
}
