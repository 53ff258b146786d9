import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { contactField } from "../support/contract.ts";
import { allIds, where } from "../support/reads.ts";
import { idsOf, recordIn, results, table } from "../support/replies.ts";
import { type Connected, named, type Reply, record, recordsIn } from "../support/writes.ts";

// Tasks that sellers and owners give an agent every day, each with the calls that a model makes. What the replies say, and
// what was written, is compared with the store.

type Stored = Readonly<Record<string, unknown>>;

const nameIn = (value: unknown) => Object(value).name;
const isOpen = ({ Stage }: Stored) => !String(Stage).startsWith("Closed");
const amountOf = ({ Amount }: Stored) => Number(Amount ?? 0);
const today = () => new Date(Date.now()).toLocaleDateString("sv", { timeZone: "America/New_York" });
const daysAhead = (days: number) =>
  new Date(Date.parse(`${today()}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
const stillOpen = where("stage", "not_in", "Closed Won, Closed Lost");

/** The deal with the highest amount: the only one of its name. */
function bigDeal({ sandbox }: Connected) {
  const [first] = recordsIn(sandbox, "Pipelines").toSorted((a, b) => amountOf(b) - amountOf(a));
  if (!first) throw new Error("no deals");
  return first;
}

/** Makes a write, with the confirmation that it may need. */
async function agreed(call: Connected["call"], tool: string, args: Reply): Promise<Reply> {
  const asked = await call(tool, args);
  const { confirm_token } = asked;
  return confirm_token === undefined ? asked : call(tool, { ...args, confirm_token });
}

const tasks: Record<string, (connected: Connected) => Promise<void>> = {
  async "How many contacts do we have?"({ call, sandbox }) {
    const reply = await call.summarize("contacts");
    expect(table(reply).rows).toEqual([[sandbox.store.records("Contacts").size]]);
  },
  async "What are our open deals worth?"({ call, sandbox }) {
    const reply = await call.summarize("deals", { ...stillOpen, measure: "amount" });
    const open = recordsIn(sandbox, "Pipelines").filter(isOpen);
    const sum = open.reduce((total, deal) => total + amountOf(deal), 0);
    expect(table(reply).rows).toEqual([[open.length, sum]]);
    expect(reply["complete"]).toBe(true);
  },
  async "Worth of the pipeline by stage"({ call, sandbox }) {
    const reply = await call.summarize("deals", { group_by: ["stage"], measure: "amount" });
    const deals = recordsIn(sandbox, "Pipelines");
    expect(table(reply).rows.length).toBeGreaterThan(3);
    for (const [stage, count, sum] of table(reply).rows) {
      const ours = deals.filter((deal) => deal["Stage"] === stage);
      expect([count, sum]).toEqual([
        ours.length,
        ours.reduce((total, deal) => total + amountOf(deal), 0),
      ]);
    }
  },
  async "Which deals close this month?"(connected) {
    const month = today().slice(0, 7);
    const filters = where("closing date", "between", "this month");
    const ids = await allIds(connected, "bigin_search_records", { module: "deals", ...filters });
    const ours = recordsIn(connected.sandbox, "Pipelines").filter((deal) =>
      String(deal["Closing_Date"]).startsWith(month),
    );
    expect(ids.toSorted()).toEqual(ours.map(({ id }) => id).toSorted());
  },
  async "Which tasks are overdue?"(connected) {
    const ids = await allIds(connected, "bigin_search_records", {
      module: "tasks",
      filters: [
        { field: "due date", op: "less_than", value: "today" },
        { field: "status", op: "not_equal", value: "Completed" },
      ],
    });
    const ours = recordsIn(connected.sandbox, "Tasks").filter(
      ({ Due_Date, Status }) => Due_Date && String(Due_Date) < today() && Status !== "Completed",
    );
    expect(ids.toSorted()).toEqual(ours.map(({ id }) => id).toSorted());
  },
  async "Our five biggest deals"({ call, sandbox }) {
    const all = { filters: [{ field: "amount", op: "is_not_empty" }] };
    const asked = { ...all, sort_by: "amount desc", per_page: 5, fields: ["amount"] };
    const shown = table(await call.search("deals", asked)).rows.map(([, amount]) => amount);
    const ours = recordsIn(sandbox, "Pipelines").map(amountOf);
    expect(shown).toEqual(ours.toSorted((a, b) => b - a).slice(0, 5));
  },
  async "Average deal by owner"({ call, sandbox }) {
    const asked = { group_by: ["owner"], measure: "amount", metrics: ["average"] };
    const reply = await call.summarize("deals", asked);
    for (const [owner, , average] of table(reply).rows) {
      const ours = recordsIn(sandbox, "Pipelines").filter(
        (deal) => nameIn(deal["Owner"]) === owner && deal["Amount"] !== null,
      );
      const sum = ours.reduce((total, deal) => total + amountOf(deal), 0);
      expect(Number(average)).toBeCloseTo(sum / ours.length, 1);
    }
  },
  async "Who owns our biggest deal, and which company is it?"(connected) {
    const { Deal_Name, Owner, Account_Name, id } = bigDeal(connected);
    const fields = ["owner", "company name"];
    const found = await connected.call.search("deals", {
      ...where("deal name", "equals", Deal_Name),
      fields,
    });
    expect(table(found).rows).toEqual([[id, nameIn(Owner), nameIn(Account_Name)]]);
  },
  async "Who works at this company?"(connected) {
    const company = bigDeal(connected)["Account_Name"];
    const { id } = Object(company);
    const asked = { module: "companies", id, related_list: "contacts" };
    const ids = await allIds(connected, "bigin_list_related_records", asked);
    const ours = recordsIn(connected.sandbox, "Contacts").filter(
      (one) => Object(one["Account_Name"]).id === id,
    );
    expect(ids.toSorted()).toEqual(ours.map((one) => one.id).toSorted());
  },
  async "Companies in Philadelphia"(connected) {
    const filters = where("billing city", "equals", "philadelphia");
    const ids = await allIds(connected, "bigin_search_records", {
      module: "companies",
      ...filters,
    });
    const ours = named(connected.sandbox, "Accounts", "Billing_City", "Philadelphia");
    expect(ids.toSorted()).toEqual(ours.map(({ id }) => id).toSorted());
  },
  async "Find a person by e-mail"({ call, sandbox }) {
    const person = recordsIn(sandbox, "Contacts").find((one) => one["Email"]);
    const email = String(person?.["Email"]).toUpperCase();
    const found = table(await call.search("contacts", { email, fields: ["full name"] }));
    expect(found.rows).toEqual([[person?.id, person?.["Full_Name"]]]);
  },
  async "Contacts without an e-mail address"(connected) {
    const filters = where("email", "is_empty");
    const ids = await allIds(connected, "bigin_search_records", { module: "contacts", ...filters });
    const ours = recordsIn(connected.sandbox, "Contacts").filter((one) => !one["Email"]);
    expect(ids.toSorted()).toEqual(ours.map(({ id }) => id).toSorted());
  },
  async "Add a contact at a company we know"(connected) {
    const company = bigDeal(connected)["Account_Name"];
    const row = { Last_Name: "Newcomer", "Company Name": nameIn(company), Email: "n@example.com" };
    const [id = ""] = idsOf(await connected.call.create("contacts", [row]));
    expect(connected.sandbox.store.records("Contacts").get(id)).toMatchObject({
      Last_Name: "Newcomer",
      Account_Name: { id: Object(company).id },
    });
  },
  async "A contact at a company we do not know creates no company"({ fail, sandbox }) {
    const companies = sandbox.store.records("Accounts").size;
    const row = { Last_Name: "Stray", Account_Name: "No Such Company Ltd" };
    expect(await fail.create("contacts", [row])).toContain("No Such Company Ltd");
    expect(sandbox.store.records("Accounts").size).toBe(companies);
    expect(named(sandbox, "Contacts", "Last_Name", "Stray")).toEqual([]);
  },
  async "We won the deal"(connected) {
    const deal = recordsIn(connected.sandbox, "Pipelines").find(
      (one) => isOpen(one) && one["Sub_Pipeline"] === "Sales Pipeline Standard",
    );
    const reply = await connected.call.update("deals", [{ id: deal?.id, stage: "closed won" }]);
    expect(results(reply)).toMatchObject([{ changed: { Stage: [deal?.["Stage"], "Closed Won"] } }]);
    const stored = connected.sandbox.store.records("Pipelines").get(deal?.id ?? "");
    expect(stored?.["Stage"]).toBe("Closed Won");
  },
  async "Give Tom's deal to Priya"({ call, sandbox }) {
    const deal = recordsIn(sandbox, "Pipelines").find(
      ({ Owner }) => nameIn(Owner) === "Tom Okafor",
    );
    await call.update("deals", [{ id: deal?.id, owner: "Priya" }]);
    expect(nameIn(sandbox.store.records("Pipelines").get(deal?.id ?? "")?.["Owner"])).toBe(
      "Priya Raman",
    );
  },
  async "Move a task to tomorrow"({ call, sandbox }) {
    const { id } = record(sandbox, "Tasks");
    await call.update("tasks", [{ id, "Due Date": "tomorrow" }]);
    expect(sandbox.store.records("Tasks").get(id)?.["Due_Date"]).toBe(daysAhead(1));
  },
  async "Mark all overdue tasks as done"(connected) {
    const { call, sandbox } = connected;
    const filters = [
      { field: "due date", op: "less_than", value: "today" },
      { field: "status", op: "not_equal", value: "Completed" },
    ];
    const ids = await allIds(connected, "bigin_search_records", { module: "tasks", filters });
    const records = ids.map((id) => ({ id, Status: "Completed" }));
    const reply = await agreed(call, "bigin_update_records", { module: "tasks", records });
    expect(reply["done"]).toBe(ids.length);
    for (const id of ids)
      expect(sandbox.store.records("Tasks").get(id)?.["Status"]).toBe("Completed");
    const left = recordsIn(sandbox, "Tasks").filter(
      ({ Due_Date, Status }) => Due_Date && String(Due_Date) < today() && Status !== "Completed",
    );
    expect(left).toEqual([]);
  },
  async "Log the call I just had"({ call, sandbox }) {
    const person = record(sandbox, "Contacts", 3);
    const row = {
      Subject: "Price of the trackers",
      Call_Type: "Inbound",
      Call_Start_Time: `${today()} 09:30`,
      Call_Duration: "05:00",
      [contactField]: person["Full_Name"],
    };
    const [id = ""] = idsOf(await call.create("calls", [row]));
    const stored = sandbox.store.records("Calls").get(id);
    expect(stored).toMatchObject({ Call_Duration: "05:00", [contactField]: { id: person.id } });
    expect(String(stored?.["Call_Start_Time"])).toContain(`${today()}T09:30:00`);
  },
  async "Add a note to the deal, and read the notes"(connected) {
    const { call } = connected;
    const deal = bigDeal(connected);
    const note = { Note_Content: "Wants a discount", Parent_Id: deal.id, $se_module: "deals" };
    const [id = ""] = idsOf(await call.create("notes", [note]));
    const asked = { module: "deals", id: deal.id, related_list: "notes" };
    const ids = await allIds(connected, "bigin_list_related_records", asked);
    expect(ids).toContain(id);
    const shown = recordIn(await call.get("notes", id));
    expect(shown["Note_Content"]).toContain("Wants a discount");
  },
  async "Schedule a meeting tomorrow at ten"({ call, sandbox }) {
    const row = {
      Event_Title: "Site visit",
      Start_DateTime: "tomorrow at 10:00",
      End_DateTime: "tomorrow at 11:00",
      Participants: ["me", "ann@example.com"],
    };
    const [id = ""] = idsOf(await call.create("events", [row]));
    const stored = sandbox.store.records("Events").get(id);
    expect(String(stored?.["Start_DateTime"])).toContain(`${daysAhead(1)}T10:00:00`);
    expect(String(stored?.["End_DateTime"])).toContain(`${daysAhead(1)}T11:00:00`);
    expect(stored?.["Participants"]).toHaveLength(2);
  },
  async "Import this list without duplicates"({ call, sandbox }) {
    const people = recordsIn(sandbox, "Contacts")
      .filter((one) => one["Email"])
      .slice(0, 2);
    const before = sandbox.store.records("Contacts").size;
    const rows = [
      ...people.map(({ Last_Name, Email }) => ({ Last_Name, Email, Title: "Imported" })),
      { Last_Name: "Fresh", Email: "fresh@example.com", Title: "Imported" },
    ];
    const reply = await call.upsert("contacts", rows);
    expect(results(reply).map(({ outcome }) => outcome)).toEqual(["updated", "updated", "created"]);
    expect(sandbox.store.records("Contacts").size).toBe(before + 1);
    expect(named(sandbox, "Contacts", "Title", "Imported")).toHaveLength(3);
  },
  async "Delete the wrong contact and take it back"({ call, sandbox }) {
    const person = record(sandbox, "Contacts", 5);
    const deleted = await agreed(call, "bigin_delete_records", {
      module: "contacts",
      ids: [person.id],
    });
    expect(sandbox.store.records("Contacts").has(person.id)).toBe(false);
    const undone = await agreed(call, "bigin_undo_write", { write_id: deleted["write_id"] });
    expect(undone["undone"]).toBe(1);
    const [again] = named(sandbox, "Contacts", "Full_Name", person["Full_Name"]);
    expect(again).toMatchObject({ Email: person["Email"], Phone: person["Phone"] });
  },
  async "Delete a company: what goes with it is said, and comes back"({ call, sandbox }) {
    const person = recordsIn(sandbox, "Contacts").find((one) => one["Account_Name"]);
    const { id, name } = Object(person?.["Account_Name"]);
    const ours = recordsIn(sandbox, "Contacts").filter(
      (one) => Object(one["Account_Name"]).id === id,
    );
    const asked = await call("bigin_delete_records", { module: "companies", ids: [id] });
    expect(asked["would"]).toContain(`${ours.length} contact`);
    const { confirm_token } = asked;
    const gone = await call("bigin_delete_records", {
      module: "companies",
      ids: [id],
      confirm_token,
    });
    for (const one of ours) expect(sandbox.store.records("Contacts").has(one.id)).toBe(false);
    await agreed(call, "bigin_undo_write", { write_id: gone["write_id"] });
    const [company] = named(sandbox, "Accounts", "Account_Name", name);
    const back = recordsIn(sandbox, "Contacts").filter(
      (one) => Object(one["Account_Name"]).id === company?.id,
    );
    expect(back.map((one) => one["Full_Name"]).toSorted()).toEqual(
      ours.map((one) => one["Full_Name"]).toSorted(),
    );
  },
  async "Tag this contact as VIP"({ call, sandbox }) {
    const { id } = record(sandbox, "Contacts");
    await call.update("contacts", [{ id, Tag: ["Newsletter"] }]);
    await call.update("contacts", [{ id, Tag: { add: ["VIP"] } }]);
    const { Tag } = Object(sandbox.store.records("Contacts").get(id));
    expect(Tag.map(nameIn)).toEqual(["Newsletter", "VIP"]);
  },
  async "Add two trackers to the deal"(connected) {
    const { call, sandbox } = connected;
    const { id } = bigDeal(connected);
    const [one, other] = recordsIn(sandbox, "Products");
    const add = (product: unknown, Quantity: number) =>
      call.update("deals", [
        { id, Associated_Products: { add: [{ Product: product, Quantity }] } },
      ]);
    await add(one?.["Product_Name"], 2);
    await add(other?.["Product_Name"], 1);
    const { Associated_Products: lines } = Object(sandbox.store.records("Pipelines").get(id));
    expect(lines).toMatchObject([{ Quantity: 2 }, { Quantity: 1 }]);
    expect(lines.map((line: Stored) => nameIn(line["Product"]))).toEqual([
      one?.["Product_Name"],
      other?.["Product_Name"],
    ]);
  },
  async "Correct a word in a long description as a list shows it"({ call, sandbox }) {
    const Description = `Old adress. ${"More of the story. ".repeat(200)}`;
    const [id = ""] = idsOf(await call.create("contacts", [{ Last_Name: "Story", Description }]));
    const found = await call.search("contacts", {
      ...where("last name", "equals", "Story"),
      fields: ["description"],
    });
    const shown = String(table(found).rows[0]?.[1]);
    await call.update("contacts", [{ id, Description: shown.replace("adress", "address") }]);
    expect(sandbox.store.records("Contacts").get(id)?.["Description"]).toBe(
      Description.replace("adress", "address"),
    );
  },
  async "A field that we do not have is not silently dropped"({ fail, sandbox }) {
    const { id } = record(sandbox, "Contacts");
    const told = await fail.update("contacts", [{ id, "Favourite colour": "blue" }]);
    expect(told).toContain("Favourite colour");
  },
  async "Undo what I just did"({ call, sandbox }) {
    const { id, Title, Phone } = record(sandbox, "Contacts", 2);
    const row = { id, Title: "Wrong", Phone: "000" };
    const { write_id } = await call.update("contacts", [row]);
    await agreed(call, "bigin_undo_write", { write_id });
    expect(sandbox.store.records("Contacts").get(id)).toMatchObject({ Title, Phone });
  },
  async "Contacts of Tom, without those of others"(connected) {
    const filters = where("owner", "equals", "tom");
    const ids = await allIds(connected, "bigin_search_records", { module: "contacts", ...filters });
    const ours = recordsIn(connected.sandbox, "Contacts").filter(
      ({ Owner }) => nameIn(Owner) === "Tom Okafor",
    );
    expect(ids.toSorted()).toEqual(ours.map(({ id }) => id).toSorted());
  },
};

test.each(Object.keys(tasks))("%s", async (task) => {
  await tasks[task]?.(await connect({ confirm: "destructive" }));
});
