import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport, type McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";

type Fields = Readonly<Record<string, unknown>>;

/** The part of the sandbox's store that the demo checks replies against. */
interface Store {
  records(module: string): ReadonlyMap<string, Fields>;
  connections(): ReadonlyMap<string, { status: string }>;
}

interface DemoOptions {
  server: McpServer;
  store: Store;
  print(line: string): void;
}

/**
 * Runs an agent's everyday tasks, step by step, as an MCP client: list, search, create, update, upsert, read and
 * delete. Every step is checked against the sandbox's store, not only against the reply. Returns the exit code: 0, or 1
 * after the first step that failed.
 */
export async function runDemo({ server, store, print }: DemoOptions): Promise<number> {
  print("bigin-mcp demo: everyday tasks in the built-in sandbox. No account, key or network.\n");
  const client = new Client({ name: "bigin-mcp-demo", version: "1" });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(far), client.connect(near)]);
  const desk = createDesk(client, store);
  try {
    for (const [at, [title, run]] of steps.entries()) {
      const outcome = await run(desk).catch((error: Error) => error);
      const isFailed = outcome instanceof Error;
      const text = isFailed ? `FAILED: ${outcome.message}` : outcome;
      print(`${String(at + 1).padStart(2)}. ${title}\n    ${text}`);
      if (isFailed) return 1;
    }
    print(`\nAll ${steps.length} steps succeeded; each was checked in the sandbox's store.`);
    return 0;
  } finally {
    await client.close();
  }
}

/** A step returns a sentence on what it did, or throws if the store says otherwise. */
const steps: readonly [title: string, run: (desk: Desk) => Promise<string>][] = [
  ["Connect a client and list the tools", listTools],
  ["List the Maton connections", listConnections],
  ["List contacts", listContacts],
  ["Search a contact by e-mail address", searchContact],
  ["Create a company, a contact in it, and a deal in the stage Qualification", createAll],
  ["Update them: a phone number, a title, and the deal moves to Negotiation/Review", updateAll],
  ["Upsert two contacts by e-mail: one exists, one is new", upsertContacts],
  ["Read the deal back, and the contacts of the company", readBack],
  ["Delete all of it: the first call returns a token, which the second call needs", deleteAll],
];

const fieldsSchema = z.record(z.string(), z.unknown());
/** The parts of replies that the demo reads. */
const replySchema = z.object({
  connections: z.array(fieldsSchema).default([]),
  rows: z.array(z.array(z.unknown())).default([]),
  record: fieldsSchema.default({}),
  results: z.array(fieldsSchema).default([]),
  confirm_token: z.string().optional(),
});

interface Desk {
  client: Client;
  store: Store;
  /** Ids of the records that earlier steps created. */
  made: Record<"company" | "contact" | "deal" | "second", string>;
  call(tool: string, args?: Fields): Promise<z.infer<typeof replySchema>>;
  /** The record in the store; throws if there is none. */
  stored(module: string, id: unknown): Fields;
}

function createDesk(client: Client, store: Store): Desk {
  return {
    client,
    store,
    made: { company: "", contact: "", deal: "", second: "" },
    async call(name, args = {}) {
      const result = await client.callTool({ name, arguments: args });
      const [block] = result.content;
      if (result.isError) throw new Error(block?.type === "text" ? block.text : name);
      return replySchema.parse(result.structuredContent);
    },
    stored(module, id) {
      const record = store.records(module).get(String(id));
      if (!record) throw new Error(`the store has no ${module} ${String(id)}`);
      return record;
    },
  };
}

async function listTools({ client }: Desk): Promise<string> {
  const { tools } = await client.listTools();
  if (tools.length === 0) throw new Error("the server offers no tools");
  return `${tools.length} tools, from ${tools[0]?.name} to ${tools.at(-1)?.name}`;
}

async function listConnections({ call, store }: Desk): Promise<string> {
  const { connections } = await call("bigin_list_connections");
  const told = connections.map((one) => [one["connection_id"], one["status"]]);
  const kept = [...store.connections()].map(([id, { status }]) => [id, status]);
  same(told.toSorted(), kept.toSorted(), "connections");
  return told.map(([, status]) => status).join(", ");
}

async function listContacts({ call, stored }: Desk): Promise<string> {
  const args = { module: "Contacts", fields: ["Full_Name"], per_page: 5 };
  const { rows } = await call("bigin_list_records", args);
  same(rows.length, 5, "the number of contacts");
  for (const [id, name] of rows)
    same(name, stored("Contacts", id)["Full_Name"], `the name of contact ${String(id)}`);
  return rows.map(([, name]) => name).join(", ");
}

async function searchContact({ call, store }: Desk): Promise<string> {
  const known = [...store.records("Contacts")].find(([, contact]) => contact["Email"]);
  const email = known?.[1]["Email"];
  const { rows } = await call("bigin_search_records", { module: "Contacts", email });
  const ids = rows.map(([id]) => id);
  same(ids, [known?.[0]], `the contacts with ${String(email)}`);
  return `${String(email)} is ${String(known?.[1]["Full_Name"])}`;
}

async function createAll(desk: Desk): Promise<string> {
  const { made } = desk;
  made.company = await create(desk, "Accounts", { Account_Name: "Meridian Coffee Roasters" });
  const person = { First_Name: "Ines", Last_Name: "Duarte", Email: "ines@meridian.example" };
  made.contact = await create(desk, "Contacts", { ...person, Account_Name: { id: made.company } });
  made.deal = await create(desk, "Pipelines", {
    Deal_Name: "Meridian – van fleet tracking",
    Sub_Pipeline: "Sales Pipeline Standard",
    Stage: "Qualification",
    Amount: 18_400,
    Account_Name: { id: made.company },
    Contact_Name: { id: made.contact },
  });
  return `Meridian Coffee Roasters (${made.company}), Ines Duarte (${made.contact}), deal ${made.deal}`;
}

async function updateAll(desk: Desk): Promise<string> {
  const { company, contact, deal } = desk.made;
  await update(desk, "Accounts", company, { Phone: "+1 617-555-0148" });
  await update(desk, "Contacts", contact, { Title: "Head of Operations" });
  await update(desk, "Pipelines", deal, { Stage: "Negotiation/Review", Amount: 21_000 });
  return "company, contact and deal have the new values";
}

async function upsertContacts({ call, stored, made }: Desk): Promise<string> {
  const ines = { Last_Name: "Duarte", Email: "ines@meridian.example", Mobile: "+1 617-555-0199" };
  const chidi = { Last_Name: "Okonkwo", Email: "chidi@meridian.example" };
  const { results } = await call("bigin_upsert_records", {
    module: "Contacts",
    duplicate_check_fields: ["Email"],
    records: [ines, { ...chidi, Account_Name: { id: made.company } }],
  });
  const [known, added] = results;
  same([known?.["id"], known?.["outcome"]], [made.contact, "updated"], "the known contact");
  made.second = String(added?.["id"]);
  sameFields(stored("Contacts", made.contact), ines, "the known contact");
  sameFields(stored("Contacts", made.second), chidi, "the new contact");
  return `Ines was updated, Okonkwo was created (${made.second})`;
}

async function readBack({ call, stored, made }: Desk): Promise<string> {
  const { record } = await call("bigin_get_record", { module: "Pipelines", id: made.deal });
  const { Deal_Name, Stage, Amount } = stored("Pipelines", made.deal);
  sameFields(record, { Deal_Name, Stage, Amount }, "the deal");
  const related = { module: "Accounts", id: made.company, related_list: "Contacts" };
  const { rows } = await call("bigin_list_related_records", related);
  const ids = rows.map(([id]) => id);
  same(ids.toSorted(), [made.contact, made.second].toSorted(), "the company's contacts");
  return `${String(Deal_Name)}: ${String(Stage)}, ${String(Amount)}; ${ids.length} contacts`;
}

async function deleteAll(desk: Desk): Promise<string> {
  await remove(desk, "Pipelines", [desk.made.deal]);
  await remove(desk, "Contacts", [desk.made.contact, desk.made.second]);
  await remove(desk, "Accounts", [desk.made.company]);
  return "deal, contacts and company were deleted";
}

async function create(desk: Desk, module: string, fields: Fields): Promise<string> {
  const before = desk.store.records(module).size;
  const { results } = await desk.call("bigin_create_records", { module, records: [fields] });
  const id = String(results[0]?.["id"]);
  sameFields(desk.stored(module, id), fields, `${module} ${id}`);
  same(desk.store.records(module).size, before + 1, `the number of records in ${module}`);
  return id;
}

async function update(desk: Desk, module: string, id: string, fields: Fields): Promise<void> {
  await desk.call("bigin_update_records", { module, records: [{ id, ...fields }] });
  sameFields(desk.stored(module, id), fields, `${module} ${id}`);
}

async function remove({ call, store }: Desk, module: string, ids: string[]): Promise<void> {
  const kept = () => ids.filter((id) => store.records(module).has(id));
  const { confirm_token } = await call("bigin_delete_records", { module, ids });
  same(kept(), ids, `${module} in the store before the confirmation`);
  await call("bigin_delete_records", { module, ids, confirm_token });
  same(kept(), [], `${module} in the store after the confirmation`);
}

/** Compares scalars as they are and lookups by their id. */
function sameFields(record: Fields, expected: Fields, what: string): void {
  const plain = (value: unknown) => fieldsSchema.safeParse(value).data?.["id"] ?? value;
  for (const [field, value] of Object.entries(expected))
    same(plain(record[field]), plain(value), `${field} of ${what}`);
}

/** Throws unless both are equal as JSON. */
function same(told: unknown, expected: unknown, what: string): void {
  const [one, other] = [JSON.stringify(told), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what}: ${one} is not ${other}`);
}
