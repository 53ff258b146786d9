import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isObject } from "../../src/sandbox/schema.ts";
import { createSandboxClient, type SandboxClient } from "../support/sandbox-client.ts";

interface Exchange {
  method: string;
  path: string;
  query: Record<string, string>;
  send?: unknown;
  status: number;
  body: unknown;
}

interface Recording {
  source: string;
  exchanges: Exchange[];
}

const folder = new URL("../fixtures/recorded/", import.meta.url);
/** Custom fields of the sandbox: recordings do not have them. */
const customFields = new Set(["Lead_Score", "Industry_Segment"]);
/** Keys whose values must be the same, not only their types. */
const constants = [
  "code",
  "message",
  "status",
  "action",
  "duplicate_field",
  "sort_by",
  "sort_order",
];

/** Asserts that both have the same keys and types. Null on either side matches anything. */
function expectSameShape(actual: unknown, recorded: unknown, at: string): void {
  if (recorded === null || actual === null) return;
  if (Array.isArray(recorded)) {
    expect(Array.isArray(actual), at).toBe(true);
    if (!Array.isArray(actual) || actual.length === 0 || recorded.length === 0) return;
    for (const [nth, entry] of recorded.entries()) {
      expectSameShape(counterpart(actual, entry, nth), entry, `${at}[${nth}]`);
    }
    return;
  }
  if (!isObject(recorded) || !isObject(actual)) {
    expect(typeof actual, at).toBe(typeof recorded);
    return;
  }
  const keys = Object.keys(actual).filter((key) => !customFields.has(key));
  const optional = new Set(["quick_sequence_number"]);
  const named = (list: string[]) => list.filter((key) => !optional.has(key)).sort();
  // In metadata, an empty object means that the field has none of this.
  if (Object.keys(recorded).length > 0 && keys.length > 0) {
    expect(named(keys), at).toEqual(named(Object.keys(recorded)));
  }
  for (const key of keys) {
    if (key in recorded) expectSameShape(actual[key], recorded[key], `${at}.${key}`);
    if (at === "reply.info" && actual["more_records"] === recorded["more_records"])
      expect(actual[key] === null, `${at}.${key}`).toBe(recorded[key] === null);
    if (constants.includes(key) && at.split(".").length <= 2 && typeof recorded[key] === "string") {
      expect(actual[key], `${at}.${key}`).toBe(recorded[key]);
    }
  }
}

/** The entry to compare with: by name for metadata, by position for everything else. */
function counterpart(actual: unknown[], recorded: unknown, nth: number): unknown {
  const name = isObject(recorded) ? recorded["api_name"] : undefined;
  if (name !== undefined)
    return actual.find((entry) => isObject(entry) && entry["api_name"] === name);
  return actual[nth] ?? actual[0];
}

/** Creates the records that the recordings mention, so that the recorded requests find the same situation. */
async function createRecords({ insert }: SandboxClient): Promise<Record<string, string>> {
  const create = async (module: string, row: unknown): Promise<string> =>
    (await insert(module, row)).row.details.id;
  const Accounts = await create("Accounts", { Account_Name: "Acme Corp" });
  const Contacts = await create("Contacts", {
    Last_Name: "Watts",
    First_Name: "Ted",
    Email: "ted@example.com",
    Account_Name: { id: Accounts },
  });
  await create("Contacts", { Last_Name: "Probe", Email: "c@example.com" });
  await create("Contacts", { Last_Name: "Probe", Email: "u@example.com" });
  const price = { Unit_Price: 19.99, Product_Code: "P-1", Product_Category: "Software" };
  const Products = await create("Products", { Product_Name: "Test Product", ...price });
  await create("Products", { Product_Name: "Test Unlink Product", ...price });
  await create("Products", { Product_Name: "Upsert Test", ...price });
  return { Accounts, Contacts, Products };
}

/** Prepares the sandbox for a recorded request. Returns the request's path with ids that exist here. */
async function prepare(client: SandboxClient, file: string, exchange: Exchange): Promise<string> {
  const ids = await createRecords(client);
  const needsLink = exchange.method !== "PUT" || file.startsWith("upsert-contact-with");
  if (/Contacts\/\d+\/Products/.test(exchange.path) && needsLink) {
    const path = `/Contacts/${ids["Contacts"]}/Products/${ids["Products"]}`;
    await client.put(path, {});
  }
  const user = client.sandbox.store.users()[0]?.id ?? "";
  if (file === "products.json") {
    const all = [...client.sandbox.store.records("Products").keys()];
    await client.send("DELETE", `/Products?ids=${all.join(",")}`);
  }
  return exchange.path
    .replace("/bigin/v2", "")
    .replace(/\/(Contacts|Accounts|Products)\/\d+/, (_, module) => `/${module}/${ids[module]}`)
    .replace(/\/Products\/\d+$/, `/Products/${ids["Products"]}`)
    .replace(/\/users\/\d+/, `/users/${user}`);
}

/** The recorded body with ids that exist here. */
function withLocalIds(body: unknown, account: string): unknown {
  return JSON.parse(
    JSON.stringify(body)
      .replaceAll("7618134000000632027", account)
      .replace(/"id":"76181340000006470\d\d",/g, ""),
  );
}

const recordings = readdirSync(folder).map((file): [string, Recording] => [
  file,
  JSON.parse(readFileSync(new URL(file, folder), "utf8")),
]);

test("every recording names its source", () => {
  expect(recordings.length).toBeGreaterThan(20);
  for (const [file, { source }] of recordings) expect(source, file).toContain("recordings/");
});

for (const [file, { exchanges }] of recordings)
  for (const [nth, exchange] of exchanges.entries())
    test(`replies have the recorded shape: ${file} ${exchange.method} ${nth + 1}`, async () => {
      const client = createSandboxClient();
      const path = await prepare(client, file, exchange);
      const search = new URLSearchParams(exchange.query).toString();
      const body = exchange.send && withLocalIds(exchange.send, client.id("Accounts"));
      const target = search === "" ? path : `${path}?${search}`;
      const reply = await client.send(exchange.method, target, body);
      expect(reply.status, reply.text.slice(0, 300)).toBe(exchange.status);
      if (exchange.body === null) expect(reply.text).toBe("");
      else expectSameShape(reply.body, exchange.body, "reply");
    });
