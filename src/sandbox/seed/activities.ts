import type { Json } from "../schema.ts";
import { asText } from "../schema.ts";
import type { StoredRecord } from "../store.ts";
import { day, stamp } from "../time.ts";
import { DAY_MS, type Seeder } from "./seeder.ts";
import * as words from "./words.ts";

const HOUR_MS = 3_600_000;

/** Tasks, events, calls and notes around the seeded contacts, companies and deals. */
export function seedActivities(seeder: Seeder): void {
  const contacts = seeder.all("Contacts");
  const deals = seeder.all("Pipelines");
  const accounts = seeder.all("Accounts");
  const subject = (): Json => related(seeder, contacts, deals, accounts);
  repeat(72, (nth, of) => seeder.add("Tasks", task(seeder, subject(), nth), { nth, of }));
  repeat(48, (nth, of) => seeder.add("Events", event(seeder, subject(), nth), { nth, of }));
  repeat(48, (nth, of) => seeder.add("Calls", call(seeder, subject(), nth), { nth, of }));
  repeat(96, (nth, of) => {
    const [module, parents] = (
      [
        ["Contacts", contacts],
        ["Accounts", accounts],
        ["Pipelines", deals],
      ] as const
    )[nth % 3] ?? ["Contacts", contacts];
    const parent = seeder.random.pick(parents);
    seeder.add("Notes", note(seeder, module, parent), { nth, of });
  });
}

function repeat(of: number, make: (nth: number, of: number) => void): void {
  for (let nth = 0; nth < of; nth += 1) make(nth, of);
}

/** A contact, and in most cases the deal or the company the activity is about. */
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
    Who_Id: useDeal ? what["Contact_Name"] : ref(contact),
    What_Id: ref(what),
    $se_module: useDeal ? "Pipelines" : "Accounts",
  };
}

const nameOf = (subject: Json): string => {
  const who = subject["Who_Id"];
  return typeof who === "object" && who !== null && "name" in who ? asText(who.name) : "customer";
};

function task({ random, now }: Seeder, subject: Json, nth: number): Json {
  const finished = nth % 3 === 0;
  return {
    Subject: `${random.pick(words.TASK_VERBS)} ${nameOf(subject)}`,
    Due_Date: day(now, finished ? -5 - random.below(90) : random.below(40) - 14),
    Priority: random.pick(["High", "Highest", "Low", "Normal", "Normal"]),
    Status: finished ? "Completed" : random.pick(["Not Started", "In Progress", "Deferred"]),
    ...subject,
  };
}

function event({ random, now }: Seeder, subject: Json, nth: number): Json {
  const start = now + (random.below(60) - 30) * DAY_MS + random.below(8) * HOUR_MS;
  return {
    Event_Title: `${random.pick(words.EVENT_TOPICS)} with ${nameOf(subject)}`,
    Start_DateTime: stamp(start),
    End_DateTime: stamp(start + (nth % 3 === 0 ? 2 : 1) * HOUR_MS),
    Venue: random.chance(0.6) ? random.pick(["Video call", "Our office", "Customer site"]) : null,
    Participants: [],
    ...subject,
  };
}

function call({ random, now }: Seeder, subject: Json, nth: number): Json {
  const type = random.pick(["Outbound", "Inbound", "Outbound", "Missed"]);
  const minutes = type === "Missed" ? "00" : String(1 + random.below(40)).padStart(2, "0");
  return {
    Subject: `${random.pick(words.CALL_TOPICS)} – ${nameOf(subject)}`,
    Call_Type: type,
    Call_Start_Time: stamp(now - (nth + 1) * DAY_MS + random.below(8) * HOUR_MS),
    Call_Duration: `${minutes}:${String(random.below(60)).padStart(2, "0")}`,
    Call_Purpose: random.pick(["Prospecting", "Negotiation", "Demo", null]),
    ...subject,
  };
}

function note({ random, ref }: Seeder, module: string, parent: StoredRecord): Json {
  return {
    Note_Title: random.chance(0.5)
      ? random.pick(["Phone note", "Meeting note", "To remember"])
      : null,
    Note_Content: random.pick(words.NOTE_TEXTS),
    Parent_Id: ref(parent),
    $se_module: module,
  };
}
