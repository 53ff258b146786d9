import { asText, isObject, type Json } from "../schema.ts";
import type { StoredRecord } from "../store.ts";
import { RelativeDay, RelativeTime } from "./relative-time.ts";
import { dayMs, type Seeder } from "./seeder.ts";
import * as words from "./words.ts";

const hourMs = 3_600_000;

/** Tasks, events, calls and notes about the seeded contacts, companies and deals. */
export function seedActivities(seeder: Seeder): void {
  const contacts = seeder.all("Contacts");
  const deals = seeder.all("Pipelines");
  const accounts = seeder.all("Accounts");
  const subject = (): Json => related(seeder, contacts, deals, accounts);
  const parents: [module: string, records: StoredRecord[]][] = [
    ["Contacts", contacts],
    ["Accounts", accounts],
    ["Pipelines", deals],
  ];
  repeat(72, (nth, of) => seeder.add("Tasks", task(seeder, subject(), nth), { nth, of }));
  repeat(48, (nth, of) => seeder.add("Events", event(seeder, subject(), nth), { nth, of }));
  repeat(48, (nth, of) => seeder.add("Calls", call(seeder, subject(), nth), { nth, of }));
  repeat(96, (nth, of) => {
    const [module, records] = parents[nth % parents.length] ?? ["Contacts", contacts];
    seeder.add("Notes", note(seeder, module, seeder.random.pick(records)), { nth, of });
  });
}

function repeat(of: number, make: (nth: number, of: number) => void): void {
  for (let nth = 0; nth < of; nth += 1) make(nth, of);
}

/** The subject of an activity: a deal with its contact, or a company with any contact. */
function related(
  seeder: Seeder,
  contacts: StoredRecord[],
  deals: StoredRecord[],
  accounts: StoredRecord[],
): Json {
  const { random, ref } = seeder;
  const contact = random.pick(contacts);
  const useDeal = random.chance(0.6);
  const what = random.pick(useDeal ? deals : accounts);
  return {
    ...linkOf(seeder, "Tasks", useDeal ? "Pipelines" : "Accounts", what),
    [contactField(seeder)]: useDeal ? what["Contact_Name"] : ref(contact),
  };
}

/** The link of an activity or a note to any record, in the form of the contract. */
function linkOf(
  { store, ref }: Seeder,
  holder: string,
  module: string,
  record: StoredRecord,
): Json {
  const link = store.modules.get(holder)?.openLookup;
  const target = store.modules.get(module);
  if (!link || !target) throw new Error(`The seed cannot link ${holder} to ${module}.`);
  const { engineName: api_name, id } = target;
  return link.moduleKey
    ? { [link.field]: ref(record), [link.moduleKey]: api_name }
    : { [link.field]: { ...ref(record), module: { api_name, id } } };
}

function contactField({ store }: Seeder): string {
  return store.modules.get("Tasks")?.byName.has("Who_Id") ? "Who_Id" : "Contact_Name";
}

function nameOf(subject: Json): string {
  const who = subject["Who_Id"] ?? subject["Contact_Name"];
  return isObject(who) && "name" in who ? asText(who["name"]) : "customer";
}

function task({ random }: Seeder, subject: Json, nth: number): Json {
  const finished = nth % 3 === 0;
  return {
    Subject: `${random.pick(words.taskVerbs)} ${nameOf(subject)}`,
    Due_Date: new RelativeDay(finished ? -5 - random.below(90) : random.below(40) - 14),
    Priority: random.pick(["High", "Highest", "Low", "Normal", "Normal"]),
    Status: finished ? "Completed" : random.pick(["Not Started", "In Progress", "Deferred"]),
    ...subject,
  };
}

function event({ random }: Seeder, subject: Json, nth: number): Json {
  const start = (random.below(60) - 30) * dayMs + random.below(8) * hourMs;
  return {
    Event_Title: `${random.pick(words.eventTopics)} with ${nameOf(subject)}`,
    Start_DateTime: new RelativeTime(start),
    End_DateTime: new RelativeTime(start + (nth % 3 === 0 ? 2 : 1) * hourMs),
    Venue: random.chance(0.6) ? random.pick(["Video call", "Our office", "Customer site"]) : null,
    Participants: [],
    ...subject,
  };
}

function call({ random, store }: Seeder, subject: Json, nth: number): Json {
  const type = random.pick(["Outbound", "Inbound", "Outbound", "Missed"]);
  const minutes = type === "Missed" ? "00" : String(1 + random.below(40)).padStart(2, "0");
  const purpose = random.pick(["Prospecting", "Negotiation", "Demo", null]);
  return {
    Subject: `${random.pick(words.callTopics)} – ${nameOf(subject)}`,
    Call_Type: type,
    Call_Start_Time: new RelativeTime(-(nth + 1) * dayMs + random.below(8) * hourMs),
    Call_Duration: `${minutes}:${String(random.below(60)).padStart(2, "0")}`,
    ...(store.modules.get("Calls")?.byName.has("Call_Purpose") && { Call_Purpose: purpose }),
    ...subject,
  };
}

function note(seeder: Seeder, module: string, parent: StoredRecord): Json {
  const { random } = seeder;
  return {
    Note_Title: random.chance(0.5)
      ? random.pick(["Phone note", "Meeting note", "To remember"])
      : null,
    Note_Content: random.pick(words.noteTexts),
    ...linkOf(seeder, "Notes", module, parent),
  };
}
