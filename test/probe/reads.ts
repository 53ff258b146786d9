import {
  type Answer,
  counted,
  idOf,
  isObject,
  type Json,
  listIn,
  type Send,
  schemaNames,
} from "./answers.ts";

// Points on which the sources contradict each other, and that reading can settle (docs/reference/bigin-api.md §10).

export interface Talk {
  /** Sends a request, and reports its status and code. */
  ask: Send;
  /** Reports a finding. It must not contain values. */
  say(finding: string): void;
  /** Creates a record that is deleted after the question. The id is empty if there is none. */
  create(path: string, row: Json, values?: Values): Promise<{ id: string; answer: Answer }>;
  /** Also deletes this record after the question. */
  adopt(module: string, id: string): void;
  /** Waits until Bigin has done what a write has triggered. */
  settle(): Promise<void>;
}

export type Values = Readonly<Record<string, string>>;

export interface Question {
  title: string;
  run(talk: Talk): Promise<void>;
}

export const links = ["What_Id", "Who_Id", "Related_To", "Contact_Name"];
export const moduleKeys = ["$se_module", "$related_module", "se_module"];

export const filled = (rows: readonly Json[], keys: readonly string[]) =>
  counted(keys.filter((key) => rows.some((row) => (row[key] ?? null) !== null)));

export const outcome = ({ status, code }: Answer, whenOk: string) =>
  status === 0
    ? "no answer"
    : status >= 300 || !["", "SUCCESS"].includes(code)
      ? `refused (${code || status})`
      : whenOk;

const isName = (text: unknown) => /^\w{1,50}$/.test(String(text));

async function modules({ ask, say }: Talk): Promise<void> {
  const { rows } = await ask("GET", "settings/modules");
  say(`modules: ${schemaNames(rows.map((row) => row["api_name"]))}`);
}

async function fieldsOf({ ask, say }: Talk, module: string): Promise<void> {
  const { rows } = await ask("GET", `settings/fields?module=${module}`);
  if (rows.length === 0) return;
  const isStandard = (row: Json) => row["custom_field"] === false && isName(row["api_name"]);
  const named = (wanted: readonly Json[]) =>
    counted(
      wanted.filter(isStandard).map((row) => String(row["api_name"])),
      wanted.filter((row) => !isStandard(row)).length,
    );
  const typeOf = (row: Json) =>
    [row["data_type"], row["json_type"]].map((type) => (isName(type) ? type : "other")).join("/");
  say(`null at least once: ${counted(nullKeys(rows))}`);
  say(`data_type/json_type: ${counted([...new Set(rows.map(typeOf))])}`);
  say(`fields: ${named(rows)}`);
  say(`mandatory: ${named(rows.filter((row) => row["system_mandatory"] === true))}`);
  const names = new Set(rows.map((row) => row["api_name"]));
  const [present, absent] = [true, false].map((is) =>
    links.filter((name) => names.has(name) === is),
  );
  say(`links: ${counted(present ?? [])} (absent: ${counted(absent ?? [])})`);
}

function nullKeys(rows: readonly Json[]): string[] {
  const pairs = rows.flatMap((row) => Object.entries(row));
  return [
    ...new Set(pairs.filter(([key, value]) => value === null && isName(key)).map(([key]) => key)),
  ];
}

const layoutFields = (layout: Json) =>
  listIn(layout, "sections").flatMap((section) => listIn(section, "fields"));

export const optionsIn = (layout: Json, field: string) =>
  layoutFields(layout)
    .filter((one) => one["api_name"] === field)
    .flatMap((one) => listIn(one, "pick_list_values"));

async function layouts({ ask, say }: Talk): Promise<void> {
  const { rows } = await ask("GET", "settings/layouts?module=Pipelines");
  if (rows.length === 0) return;
  const share = (some: readonly Json[], has: (one: Json) => boolean) => {
    const count = some.filter(has).length;
    return count === 0 ? "none" : count === some.length ? "all" : "some";
  };
  for (const key of ["status", "visible"])
    say(`layouts with ${key}: ${share(rows, (row) => (row[key] ?? null) !== null)}`);
  say(`layouts in use: ${share(rows, isInUse)}`);
  const options = rows.flatMap((row) => optionsIn(row, "Sub_Pipeline"));
  say(`sub-pipelines with maps: ${share(options, (one) => listIn(one, "maps").length > 0)}`);
}

export const isInUse = ({ status, visible }: { status?: unknown; visible?: unknown }) =>
  status !== "inactive" && visible !== false;

async function relatedLists({ ask, say }: Talk, module: string): Promise<void> {
  const { rows } = await ask("GET", `settings/related_lists?module=${module}`);
  if (rows.length === 0) return;
  say(`api_name: ${schemaNames(rows.map((row) => row["api_name"]))}`);
  const moduleOf = ({ module: of }: { module?: unknown }) => (isObject(of) ? of["api_name"] : of);
  say(`module: ${schemaNames(rows.map(moduleOf))}`);
  say(`label: ${filled(rows, ["display_label", "list_label"])}`);
}

async function activities({ ask, say }: Talk, module: string): Promise<void> {
  const path = `${module}?fields=${[...links, ...moduleKeys].join()}&per_page=5`;
  const first = await ask("GET", path);
  const without = () => ask("GET", `${module}?fields=${links.join()}&per_page=5`);
  const { rows } = first.status >= 400 ? await without() : first;
  if (rows.length === 0) return;
  say(`filled: ${filled(rows, [...links, ...moduleKeys])}`);
  say(`modules: ${schemaNames(rows.flatMap((row) => moduleKeys.map((key) => row[key])))}`);
}

async function notes({ ask, say }: Talk): Promise<void> {
  const { rows } = await ask("GET", "Notes?fields=Parent_Id,$se_module,Note_Title&per_page=5");
  if (rows.length === 0) return;
  const inParent = rows.map((row) => Object(Object(row["Parent_Id"]).module).api_name);
  const named = [...rows.map((row) => row["$se_module"]), ...inParent];
  say(`module in $se_module: ${filled(rows, ["$se_module"]) !== "none" ? "yes" : "no"}`);
  say(`module in Parent_Id: ${inParent.some((name) => name !== undefined) ? "yes" : "no"}`);
  say(`modules: ${schemaNames(named)}`);
  const note = idOf(rows[0]);
  const one = await ask("GET", "Notes/{note}", { note });
  say(`GET of one note: ${outcome(one, idOf(one.rows[0]) === note ? "exists" : "finds nothing")}`);
}

async function listParameters({ ask, say }: Talk): Promise<void> {
  const list = await ask("GET", "Contacts?fields=id&per_page=5");
  const ids = list.rows.map(idOf);
  const wanted = ids.slice(ids.length > 2 ? -2 : -1);
  if (ids.length < 2) return say("There are too few contacts.");
  const byIds = await ask("GET", "Contacts?fields=id&ids={ids}", { ids: wanted.join() });
  const found = byIds.rows.map(idOf);
  const isHonoured = found.length === wanted.length && wanted.every((id) => found.includes(id));
  const ignored = found.length === 0 ? "nothing found" : "ignored";
  say(`ids: ${outcome(byIds, isHonoured ? "honoured" : ignored)}`);
  const sorted = await ask("GET", "Contacts?fields=Last_Name&sort_by=Last_Name&per_page=5");
  const by = Object(Object(sorted.body).info).sort_by;
  say(`sort_by: ${outcome(sorted, by === "Last_Name" ? "honoured" : "ignored, by info.sort_by")}`);
}

async function pageTokens({ ask, say }: Talk): Promise<void> {
  const { body, rows } = await ask("GET", "Contacts?fields=id&per_page=2");
  const token = Object(Object(body).info).next_page_token;
  if (typeof token !== "string") return say("There is no page token.");
  for (const more of ["", "&per_page=2", "&per_page=3"]) {
    const next = await ask("GET", `Contacts?fields=id&page_token={token}${more}`, { token });
    const isNext = next.rows.length > 0 && idOf(next.rows[0]) !== idOf(rows[0]);
    const size = [2, 3].includes(next.rows.length) ? `${next.rows.length}` : "more or fewer";
    const page = isNext ? `the next page, of ${size} rows` : "not the next page";
    say(`page_token${more && ` with ${more.slice(1)}`}: ${outcome(next, page)}`);
  }
}

async function searchByOwner({ ask, say }: Talk): Promise<void> {
  const path = "Contacts?fields=Owner&sort_by=id&sort_order=asc&per_page=1";
  const owner = idOf(Object((await ask("GET", path)).rows[0])["Owner"]);
  if (owner === "") return say("There is no contact with an owner.");
  const criteria = "(Owner.id:equals:{owner})";
  const hits = await ask("GET", `Contacts/search?criteria=${criteria}&fields=id&per_page=1`, {
    owner,
  });
  const word = hits.rows.length > 0 ? "found" : "nothing found, although there is a contact";
  say(`Owner.id in criteria: ${outcome(hits, word)}`);
}

async function count({ ask, say }: Talk): Promise<void> {
  const answer = await ask("GET", "Contacts/actions/count");
  say(`count: ${outcome(answer, typeof Object(answer.body).count)}`);
}

async function account({ ask }: Talk): Promise<void> {
  await ask("GET", "org");
  await ask("GET", "users?type=CurrentUser");
}

async function connections({ ask, say }: Talk): Promise<void> {
  const isOther = (row: Json) => row["app"] !== "zoho-bigin" || row["status"] !== "ACTIVE";
  const filtered = await ask("GET", "connections?app=zoho-bigin&status=ACTIVE");
  const all = await ask("GET", "connections");
  const has = (answer: Answer) => outcome(answer, answer.rows.some(isOther) ? "yes" : "no");
  say(`other apps or statuses with filters: ${has(filtered)}; without: ${has(all)}`);
}

const of =
  (ask: (talk: Talk, module: string) => Promise<void>, title: string) => (name: string) => ({
    title: `${title} ${name}`,
    run: (talk: Talk) => ask(talk, name),
  });

export const readQuestions: readonly Question[] = [
  { title: "Modules", run: modules },
  ...["Tasks", "Events", "Calls", "Notes", "Pipelines"].map(of(fieldsOf, "Fields of")),
  { title: "Layouts of Pipelines", run: layouts },
  ...["Contacts", "Accounts"].map(of(relatedLists, "Related lists of")),
  ...["Tasks", "Events", "Calls"].map(of(activities, "Links of")),
  { title: "Notes", run: notes },
  { title: "ids and sort_by on lists", run: listParameters },
  { title: "Page tokens", run: pageTokens },
  { title: "Search by owner", run: searchByOwner },
  { title: "Count", run: count },
  { title: "Organisation and user", run: account },
  { title: "Connections", run: connections },
];
