import { asText, idOf, isObject, type Json } from "../schema.ts";
import type { SandboxStore, StoredRecord } from "../store.ts";
import { productRow } from "../values.ts";
import { seedActivities } from "./activities.ts";
import { lostStages, teamPipelines, wonStages } from "./pipelines.ts";
import { RelativeDay } from "./relative-time.ts";
import { createSeeder, type Seeder } from "./seeder.ts";
import * as words from "./words.ts";

/** The data of Harbor Light, a small vendor of fleet and warehouse trackers. */
export function seedCompany(store: SandboxStore): void {
  const seeder = createSeeder(store);
  seedProducts(seeder);
  seedAccounts(seeder);
  seedContacts(seeder, 164);
  seedDeals(seeder, 132);
  seedContracts(seeder, 12);
  seedActivities(seeder);
}

function phone({ random }: Seeder): string {
  const area = random.pick(["617", "401", "207", "860"]);
  return `+1 ${area}-555-${String(random.below(10_000)).padStart(4, "0")}`;
}

function slug(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "");
}

function seedProducts(seeder: Seeder): void {
  words.products.forEach((line, nth) => {
    const [name = "", code = "", category = "", price = "0"] = line.split("|");
    const values = {
      Product_Name: name,
      Product_Code: code,
      Product_Category: category,
      Unit_Price: Number(price),
      Product_Active: !name.includes("legacy"),
    };
    seeder.add("Products", values, { nth, of: words.products.length });
  });
}

function seedAccounts(seeder: Seeder): void {
  const { random, store } = seeder;
  const segments = store.modules.get("Accounts")?.byName.get("Industry_Segment")?.options ?? [];
  words.companies.forEach((name, nth) => {
    const [city, state, code] = random.pick(words.cities);
    const values = {
      Account_Name: name,
      Phone: random.chance(0.85) ? phone(seeder) : null,
      Website: random.chance(0.9) ? `https://www.${slug(name)}.example` : null,
      Billing_Street: `${1 + random.below(240)} ${random.pick(words.streets)}`,
      Billing_City: city,
      Billing_State: state,
      Billing_Code: code,
      Billing_Country: "United States",
      Industry_Segment: random.chance(0.8) ? random.pick(segments) : null,
    };
    seeder.add("Accounts", values, { nth, of: words.companies.length });
  });
}

function seedContacts(seeder: Seeder, of: number): void {
  const { random, store } = seeder;
  const accounts = seeder.all("Accounts");
  const products = seeder.all("Products");
  for (let nth = 0; nth < of; nth += 1) {
    const account = nth < accounts.length ? accounts[nth] : random.pick(accounts);
    const company = account && random.chance(0.95) ? account : undefined;
    const contact = seeder.add("Contacts", person(seeder, company, nth), { nth, of });
    if (random.chance(0.35)) store.link(contact.id, random.pick(products).id);
  }
}

function person(seeder: Seeder, company: StoredRecord | undefined, nth: number): Json {
  const { random } = seeder;
  const First_Name = words.firstNames[(nth * 7 + 3) % words.firstNames.length] ?? "Ann";
  const Last_Name = words.lastNames[(nth * 11 + random.below(3)) % words.lastNames.length] ?? "Lee";
  const domain = company ? `${slug(asText(company["Account_Name"]))}.example` : "mail.example";
  // The number keeps addresses unique when two people share a name.
  const email = `${slug(First_Name)}.${slug(Last_Name)}${nth}@${domain}`;
  return {
    First_Name,
    Last_Name,
    Account_Name: company ? seeder.ref(company) : null,
    Email: random.chance(0.88) ? email : null,
    Title: random.chance(0.85) ? random.pick(words.titles) : null,
    Phone: random.chance(0.7) ? phone(seeder) : null,
    Mobile: random.chance(0.6) ? phone(seeder) : null,
    Mailing_City: company?.["Billing_City"] ?? null,
    Mailing_State: company?.["Billing_State"] ?? null,
    Mailing_Country: company ? "United States" : null,
    Lead_Score: random.chance(0.7) ? 5 + random.below(96) : null,
    Email_Opt_Out: random.chance(0.06),
  };
}

function seedDeals(seeder: Seeder, of: number): void {
  const contacts = seeder.all("Contacts").filter((contact) => idOf(contact["Account_Name"]));
  for (let nth = 0; nth < of; nth += 1) {
    const contact = seeder.random.pick(contacts);
    seeder.add("Pipelines", deal(seeder, contact, nth), { nth, of });
  }
}

function deal(seeder: Seeder, contact: StoredRecord, nth: number): Json {
  const { random } = seeder;
  const [sales, onboarding] = teamPipelines;
  const team = nth % 4 === 3 ? onboarding : sales;
  if (!team) throw new Error("The seed has no team pipeline.");
  const sub = random.pick(team.subPipelines);
  const Stage = random.pick(sub.stages);
  const won = wonStages.includes(Stage);
  const closed = won || lostStages.includes(Stage);
  const account = isObject(contact["Account_Name"]) ? contact["Account_Name"] : {};
  // Closed deals are in the past. Open ones are mostly in the future; some are overdue.
  const days = closed ? -1 - random.below(300) : random.below(120) - (nth % 5 === 0 ? 60 : 8);
  return {
    Deal_Name: `${asText(account["name"])} – ${words.dealTopics[nth % words.dealTopics.length]}`,
    Sub_Pipeline: sub.name,
    Stage,
    Pipeline: { name: team.name, id: team.id },
    Closing_Date: random.chance(0.95) ? new RelativeDay(days) : null,
    Amount: random.chance(0.93) ? (4 + random.below(400)) * 250 : null,
    Contact_Name: seeder.ref(contact),
    Account_Name: account,
    Associated_Products: random.chance(0.4) ? dealProducts(seeder) : [],
    Competitor: random.chance(0.25) ? random.pick(words.competitors) : null,
    Contract_Signed: won,
  };
}

function dealProducts(seeder: Seeder): unknown[] {
  const { random, store } = seeder;
  const products = seeder.all("Products");
  const chosen = new Set([random.pick(products).id, random.pick(products).id]);
  return [...chosen].map((id) => productRow(store, id, { Quantity: 1 + random.below(20) }));
}

function seedContracts(seeder: Seeder, of: number): void {
  const { random } = seeder;
  const accounts = seeder.all("Accounts");
  for (let nth = 0; nth < of; nth += 1) {
    const account = accounts[nth * 5] ?? random.pick(accounts);
    const Status = ["Active", "Active", "Expired", "Draft"][nth % 4];
    const values = {
      Name: `${asText(account["Account_Name"])} service ${2024 + (nth % 3)}`,
      Account_Name: seeder.ref(account),
      Contract_Value: (10 + random.below(90)) * 120,
      Renewal_Date: new RelativeDay(
        Status === "Expired" ? -20 - random.below(200) : 15 + random.below(300),
      ),
      Status,
    };
    seeder.add("Service_Contracts", values, { nth, of });
  }
}
