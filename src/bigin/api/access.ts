import { Failure, type Kind } from "../../shared/failure.ts";
import type { BiginHttp } from "./http.ts";

const unsure = "unknown, try again";
/** What one cheap read says of a module or an endpoint group. */
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

/** Refusals that say something lasting of the grant; whatever else goes wrong does not. */
const answers: Partial<Record<Kind, Access>> = {
  scope_missing: "scope missing",
  not_permitted: "not permitted",
  rejected: "refused",
};

/**
 * Asks each module and endpoint group once, as cheaply as it can be asked; one credit each. What was answered for
 * certain is remembered with `remember`; what was not is asked again the next time.
 */
export async function checkAccess(
  http: BiginHttp,
  modules: readonly string[],
  remember: (what: string, ask: () => Promise<Access>) => Promise<Access>,
): Promise<[string, Access][]> {
  const ofModules = modules.map((module): [string, Probe] => [
    module,
    { path: [module], query: { fields: "id", per_page: 1 } },
  ]);
  const asked = [...ofModules, ...Object.entries(groups)];
  const answered = await Promise.allSettled(
    asked.map(([what, request]) => remember(what, () => probe(http, request))),
  );
  const [first] = answered;
  // One row that could not be asked hides no other; where none could be, the connection is at fault.
  if (first?.status === "rejected" && answered.every(({ status }) => status === "rejected"))
    throw first.reason;
  return asked.map(([what], at) => {
    const answer = answered[at];
    return [what, answer?.status === "fulfilled" ? answer.value : unsure];
  });
}

/** Throws where the answer is not certain, so that nobody remembers it. */
async function probe(http: BiginHttp, request: Probe): Promise<Access> {
  try {
    await http.send({ method: "GET", ...request });
    return "granted";
  } catch (error) {
    const answer = error instanceof Failure ? answers[error.facts.kind] : undefined;
    if (!answer) throw error;
    return answer;
  }
}
