import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport, type McpServer } from "@modelcontextprotocol/server";

type Fields = Readonly<Record<string, unknown>>;

/** The part of the sandbox's store that the demo checks the replies against. */
interface Store {
  records(module: string): ReadonlyMap<string, Fields>;
  connections(): ReadonlyMap<string, { status: string }>;
}

interface DemoOptions {
  server: McpServer;
  store: Store;
  print(line: string): void;
}

interface Desk {
  store: Store;
  client: Client;
  call(tool: string, args?: Fields): Promise<Fields>;
}

/** A step says what it did, having proved it against the store, or throws. */
interface Step {
  title: string;
  run(desk: Desk, made: Made): Promise<string>;
}

/** Ids of what the demo has made so far. */
type Made = Record<"company" | "contact" | "deal" | "second", string>;

/**
 * The main job, narrated: a client connects and an agent's calls list, search, create, move, upsert, read and
 * delete. Every step is checked against the sandbox's store, never against the reply alone. Gives back the
 * exit code: 0, or 1 at the first step that did not happen.
 */
export async function runDemo({ server, store, print }: DemoOptions): Promise<number> {
  print(
    "bigin-mcp demo: the main job, against the embedded sandbox. No account, no key, no network.\n",
  );
  const desk = await open(server, store);
  const made: Made = { company: "", contact: "", deal: "", second: "" };
  try {
    for (const [at, step] of steps.entries()) {
      const number = String(at + 1).padStart(2);
      try {
        print(`${number}. ${step.title}\n    ${await step.run(desk, made)}`);
      } catch (error) {
        print(
          `${number}. ${step.title}\n    FAILED: ${error instanceof Error ? error.message : String(error)}`,
        );
        return 1;
      }
    }
    print(`\nAll ${steps.length} steps happened: each was looked up in the sandbox's store.`);
    return 0;
  } finally {
    await desk.client.close();
  }
}

async function open(server: McpServer, store: Store): Promise<Desk> {
  const client = new Client({ name: "bigin-mcp-demo", version: "1" });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(far), client.connect(near)]);
  return {
    store,
    client,
    async call(name, args = {}) {
      const result = await client.callTool({ name, arguments: args });
      const [block] = result.content;
      const text = block?.type === "text" ? block.text : "";
      if (result.isError) throw new Error(text);
      return fieldsOf(result.structuredContent);
    },
  };
}

const steps: readonly Step[] = [
  {
    title: "Connect a client and list the tools",
    async run({ client }) {
      const { tools } = await client.listTools();
      expect(tools.length > 0, "the server offers no tools");
      return `${tools.length} tools, from bigin_list_records to ${tools.at(-1)?.name}`;
    },
  },
  {
    title: "List the Maton connections",
    async run({ call, store }) {
      const { connections } = await call("bigin_list_connections");
      const told = listOf(connections).map((one) => `${one["connection_id"]} ${one["status"]}`);
      const kept = [...store.connections()].map(([id, { status }]) => `${id} ${status}`);
      expectSame(told.toSorted(), kept.toSorted(), "connections");
      return told.map((line) => line.slice(line.indexOf(" ") + 1)).join(", ");
    },
  },
  {
    title: "List contacts",
    async run({ call, store }) {
      const { rows } = await call("bigin_list_records", {
        module: "Contacts",
        fields: ["Full_Name"],
        per_page: 5,
      });
      const names = rowsOf(rows).map(([id, name]) => {
        expectSame(
          name,
          recordIn(store, "Contacts", id)["Full_Name"],
          `the name of contact ${String(id)}`,
        );
        return String(name);
      });
      expect(names.length === 5, `five contacts were asked for, ${names.length} came`);
      return names.join(", ");
    },
  },
  {
    title: "Search a contact by e-mail address",
    async run({ call, store }) {
      const known = [...store.records("Contacts")].find(([, contact]) => contact["Email"]);
      expect(known !== undefined, "the sandbox has no contact with an e-mail address");
      const email = known?.[1]["Email"];
      const { rows } = await call("bigin_search_records", { module: "Contacts", email });
      expectSame(
        rowsOf(rows).map(([id]) => id),
        [known?.[0]],
        `the contacts with ${String(email)}`,
      );
      return `${String(email)} is ${String(known?.[1]["Full_Name"])}`;
    },
  },
  {
    title: "Create a company, a contact in it, and a deal in the stage Qualification",
    async run(desk, made) {
      made.company = await create(desk, "Accounts", { Account_Name: "Meridian Coffee Roasters" });
      const person = { First_Name: "Ines", Last_Name: "Duarte", Email: "ines@meridian.example" };
      made.contact = await create(desk, "Contacts", {
        ...person,
        Account_Name: { id: made.company },
      });
      made.deal = await create(desk, "Pipelines", {
        Deal_Name: "Meridian – van fleet tracking",
        Sub_Pipeline: "Sales Pipeline Standard",
        Stage: "Qualification",
        Amount: 18_400,
        Account_Name: { id: made.company },
        Contact_Name: { id: made.contact },
      });
      return `Meridian Coffee Roasters (${made.company}), Ines Duarte (${made.contact}), deal ${made.deal}`;
    },
  },
  {
    title: "Update them: a phone number, a title, and the deal moves to Negotiation/Review",
    async run(desk, made) {
      await update(desk, "Accounts", made.company, { Phone: "+1 617-555-0148" });
      await update(desk, "Contacts", made.contact, { Title: "Head of Operations" });
      await update(desk, "Pipelines", made.deal, { Stage: "Negotiation/Review", Amount: 21_000 });
      return "company, contact and deal hold the new values";
    },
  },
  {
    title: "Upsert two contacts by e-mail: one is known, one is new",
    async run({ call, store }, made) {
      const { results } = await call("bigin_upsert_records", {
        module: "Contacts",
        duplicate_check_fields: ["Email"],
        records: [
          { Last_Name: "Duarte", Email: "ines@meridian.example", Mobile: "+1 617-555-0199" },
          {
            Last_Name: "Okonkwo",
            Email: "chidi@meridian.example",
            Account_Name: { id: made.company },
          },
        ],
      });
      const [known, fresh] = listOf(results);
      expectSame(
        [known?.["id"], known?.["outcome"]],
        [made.contact, "updated"],
        "the known contact",
      );
      expectSame(
        recordIn(store, "Contacts", made.contact)["Mobile"],
        "+1 617-555-0199",
        "the mobile number",
      );
      made.second = String(fresh?.["id"]);
      expectSame(
        recordIn(store, "Contacts", made.second)["Email"],
        "chidi@meridian.example",
        "the new contact",
      );
      return `Ines was updated, Okonkwo was created (${made.second})`;
    },
  },
  {
    title: "Read the deal back, and the contacts of the company",
    async run({ call, store }, made) {
      const { record } = await call("bigin_get_record", { module: "Pipelines", id: made.deal });
      const kept = recordIn(store, "Pipelines", made.deal);
      for (const field of ["Deal_Name", "Stage", "Amount"])
        expectSame(fieldsOf(record)[field], kept[field], field);
      const related = { module: "Accounts", id: made.company, related_list: "Contacts" };
      const { rows } = await call("bigin_list_related_records", related);
      const ids = rowsOf(rows).map(([id]) => String(id));
      expectSame(ids.toSorted(), [made.contact, made.second].toSorted(), "the company's contacts");
      return `${String(kept["Deal_Name"])}: ${String(kept["Stage"])}, ${String(kept["Amount"])}; ${ids.length} contacts`;
    },
  },
  {
    title: "Delete what was made: each call is confirmed with the token that the first one answers",
    async run(desk, made) {
      await remove(desk, "Pipelines", [made.deal]);
      await remove(desk, "Contacts", [made.contact, made.second]);
      await remove(desk, "Accounts", [made.company]);
      return "deal, contacts and company are gone";
    },
  },
];

async function create({ call, store }: Desk, module: string, fields: Fields): Promise<string> {
  const before = store.records(module).size;
  const { results } = await call("bigin_create_records", { module, records: [fields] });
  const id = String(listOf(results)[0]?.["id"]);
  expectFields(recordIn(store, module, id), fields, `${module} ${id}`);
  expectSame(store.records(module).size, before + 1, `the number of records in ${module}`);
  return id;
}

async function update(
  { call, store }: Desk,
  module: string,
  id: string,
  fields: Fields,
): Promise<void> {
  await call("bigin_update_records", { module, records: [{ id, ...fields }] });
  expectFields(recordIn(store, module, id), fields, `${module} ${id}`);
}

async function remove(
  { call, store }: Desk,
  module: string,
  ids: readonly string[],
): Promise<void> {
  const asked = await call("bigin_delete_records", { module, ids });
  for (const id of ids)
    expect(store.records(module).has(id), `${module} ${id} was deleted without a confirmation`);
  await call("bigin_delete_records", { module, ids, confirm_token: asked["confirm_token"] });
  for (const id of ids)
    expect(!store.records(module).has(id), `${module} ${id} is still in the store`);
}

function recordIn(store: Store, module: string, id: unknown): Fields {
  const record = store.records(module).get(String(id));
  if (!record)
    throw new Error(`the reply names ${module} ${String(id)}, but the store has no such record`);
  return record;
}

/** Scalars are compared as they are, lookups by their id. */
function expectFields(record: Fields, fields: Fields, what: string): void {
  for (const [field, value] of Object.entries(fields)) {
    const [told, kept] = [value, record[field]].map((one) => fieldsOf(one)["id"] ?? one);
    expectSame(kept, told, `${field} of ${what}`);
  }
}

function expectSame(told: unknown, kept: unknown, what: string): void {
  expect(
    JSON.stringify(told) === JSON.stringify(kept),
    `${what}: ${JSON.stringify(told)} is not ${JSON.stringify(kept)}`,
  );
}

function expect(holds: boolean, problem: string): void {
  if (!holds) throw new Error(problem);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function rowsOf(value: unknown): unknown[][] {
  return Array.isArray(value) ? value.filter((row) => Array.isArray(row)) : [];
}
