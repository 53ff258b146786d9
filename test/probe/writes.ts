import { counted, idOf, type Json, listIn, type Send } from "./answers.ts";
import {
  filled,
  isInUse,
  links,
  moduleKeys,
  optionsIn,
  outcome,
  type Question,
  type Talk,
  type Values,
} from "./reads.ts";

// Points that only writing can settle. The questions work on records of their own, which are always deleted again.

/** Every record of the probe has a name that begins with this. */
const beginning = `bigin-mcp probe ${Date.now().toString(36)}`;
const named = (what: string) => `${beginning} ${what}`;

/** Creates records, and deletes them again. */
export function throwAway({ ask, send, say }: Pick<Talk, "ask" | "say"> & { send: Send }) {
  const made: { module: string; id: string; name: string }[] = [];

  function adopt(module: string, id: string, name = named("(or a record of it)")): void {
    if (id === "" || !made.some((one) => one.id === id)) made.push({ module, id, name });
  }

  async function create(path: string, row: Json, values?: Values) {
    const module = path.split("/").at(-1) ?? "";
    const name = Object.values(row).find((value) => String(value).startsWith(beginning));
    const answer = await ask("POST", path, values, { data: [row], trigger: [] });
    const [outcome] = answer.rows;
    const isRefused =
      outcome?.["status"] === "error" || (answer.status >= 300 && answer.status < 500);
    // A refused row may name somebody else's record: its id must not be deleted.
    const id = isRefused ? "" : idOf(outcome?.["details"]);
    if (!isRefused) adopt(module, id, String(name));
    return { id, answer };
  }

  async function isGone(module: string, id: string): Promise<boolean> {
    for (let attempt = 0; id !== "" && attempt < 3; attempt += 1) {
      const { code } = await send("DELETE", `${module}?ids={id}&wf_trigger=false`, { id });
      if (code === "SUCCESS") return true;
      if ((await send("GET", `${module}/{id}`, { id })).status === 204) return true;
    }
    return false;
  }

  async function deleteAll(): Promise<void> {
    for (const { module, id, name } of made.toReversed())
      if (!(await isGone(module, id)))
        say(
          `**${id === "" ? "May exist" : "Not deleted"}**: “${name}” in ${module}. Delete it in Bigin.`,
        );
  }

  return { adopt, create, deleteAll };
}

/** A sub-pipeline and a stage for a new deal; undefined if metadata do not tell. */
async function placeForDeal(ask: Send): Promise<Json | undefined> {
  const { rows } = await ask("GET", "settings/layouts?module=Pipelines");
  const layout = rows.find(isInUse) ?? {};
  const [sub] = optionsIn(layout, "Sub_Pipeline");
  const stages = listIn(sub, "maps").flatMap((map) => listIn(map, "pick_list_values"));
  const [stage] = [...stages, ...optionsIn(layout, "Stage")];
  if (!sub || !stage) return undefined;
  const [Sub_Pipeline, Stage] = [sub["actual_value"], stage["actual_value"]];
  return { Layout: { id: layout["id"] }, Sub_Pipeline, Stage };
}

async function deletedCompany({ ask, say, create, settle }: Talk): Promise<void> {
  const company = await create("Accounts", { Account_Name: named("company") });
  const link = { Account_Name: { id: company.id } };
  if (company.id === "") return say("There is no company to delete.");
  const contact = await create("Contacts", { Last_Name: named("contact"), ...link });
  const place = await placeForDeal(ask);
  const deal =
    place && (await create("Pipelines", { Deal_Name: named("deal"), ...place, ...link }));
  await ask("DELETE", "Accounts/{company}?wf_trigger=false", { company: company.id });
  await settle();
  for (const [module, id = ""] of [
    ["Accounts", company.id],
    ["Contacts", contact.id],
    ["Pipelines", deal?.id],
  ] as const) {
    if (id === "") say(`${module}: none was created`);
    if (id === "") continue;
    const { status, rows } = await ask("GET", `${module}/{id}`, { id });
    const linked = rows.some((row) => idOf(row["Account_Name"]) !== "") ? ", with the company" : "";
    say(
      `${module}: ${status === 204 ? "deleted" : status === 200 ? `still there${linked}` : "not known"}`,
    );
  }
}

async function duplicate({ say, create, settle }: Talk): Promise<void> {
  const Email = `${beginning.replaceAll(" ", "-")}@example.com`;
  const first = await create("Contacts", { Last_Name: named("first contact"), Email });
  if (first.id === "") return say("There is no first contact.");
  await settle();
  const second = await create("Contacts", { Last_Name: named("second contact"), Email });
  const details = Object(Object(second.answer.rows[0]).details);
  const found = [
    ...(idOf(details) === first.id ? ["details.id"] : []),
    ...(idOf(details.duplicate_record) === first.id ? ["details.duplicate_record.id"] : []),
  ];
  say(`second contact with the same e-mail: ${outcome(second.answer, "accepted")}`);
  say(`the first is named by: ${counted(found)}`);
}

async function noteUpdates({ ask, say, create, adopt }: Talk): Promise<void> {
  const { id: contact } = await create("Contacts", { Last_Name: named("contact with a note") });
  const row = { Note_Title: named("note"), Note_Content: named("text") };
  const { id: note } = contact
    ? await create("Contacts/{contact}/Notes", row, { contact })
    : { id: "" };
  if (note === "") return say("There is no note to change.");
  let count = 1;
  for (const path of ["Notes/{note}", "Contacts/{contact}/Notes/{note}"]) {
    const Note_Content = named(`text number ${path.length}`);
    const put = await ask(
      "PUT",
      path,
      { contact, note },
      { data: [{ Note_Content }], trigger: [] },
    );
    const { rows } = await ask("GET", "Contacts/{contact}/Notes?fields=Note_Content", { contact });
    for (const one of [...rows, Object(put.rows[0]).details])
      if (idOf(one) !== "") adopt("Notes", idOf(one));
    const isChanged = rows.some(
      (one) => idOf(one) === note && one["Note_Content"] === Note_Content,
    );
    const added = rows.length > count ? "one was added" : "none was added";
    say(
      `PUT ${path}: ${outcome(put, "accepted")}; the note ${isChanged ? "changed" : "did not change"}; ${added}`,
    );
    count = rows.length;
  }
}

async function taskLinks({ ask, say, create }: Talk): Promise<void> {
  const { id } = await create("Accounts", { Account_Name: named("company with tasks") });
  if (id === "") return say("There is no company to link.");
  for (const [field, key] of [
    ["What_Id", "$se_module"],
    ["Related_To", "$related_module"],
  ] as const) {
    const row = { Subject: named(`task with ${field}`), [field]: { id }, [key]: "Accounts" };
    const { id: task } = await create("Tasks", row);
    const back = task ? await ask("GET", "Tasks/{task}", { task }) : undefined;
    const found = back ? filled(back.rows, [...links, ...moduleKeys]) : "no task was created";
    say(`written with ${field} and ${key}, read back: ${found}`);
  }
}

export const writeQuestions: readonly Question[] = [
  { title: "A company is deleted that has a contact and a deal", run: deletedCompany },
  { title: "Two contacts with one e-mail address", run: duplicate },
  { title: "Two ways to update a note", run: noteUpdates },
  { title: "Two ways to link a task", run: taskLinks },
];
