import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Bench, bench } from "./harness.ts";

interface Exchange {
  method: string;
  path: string;
  query: Record<string, string>;
  send?: unknown;
  status: number;
  body: unknown;
}

const FOLDER = new URL("../fixtures/recorded/", import.meta.url);
/** The sandbox's own custom fields, which no recording can have. */
const CUSTOM = new Set(["Lead_Score", "Industry_Segment"]);
const CONSTANTS = [
  "code",
  "message",
  "status",
  "action",
  "duplicate_field",
  "sort_by",
  "sort_order",
];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The two have the same keys and types; a null on either side fits anything. */
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
  const keys = Object.keys(actual).filter((key) => !CUSTOM.has(key));
  const optional = new Set(["quick_sequence_number"]);
  const named = (list: string[]) => list.filter((key) => !optional.has(key)).sort();
  // Empty objects stand for "none of this kind" in metadata.
  if (Object.keys(recorded).length > 0 && keys.length > 0) {
    expect(named(keys), at).toEqual(named(Object.keys(recorded)));
  }
  for (const key of keys) {
    if (key in recorded) expectSameShape(actual[key], recorded[key], `${at}.${key}`);
    if (at === "answer.info" && actual["more_records"] === recorded["more_records"])
      expect(actual[key] === null, `${at}.${key}`).toBe(recorded[key] === null);
    if (CONSTANTS.includes(key) && at.split(".").length <= 2 && typeof recorded[key] === "string") {
      expect(actual[key], `${at}.${key}`).toBe(recorded[key]);
    }
  }
}

/** Metadata are compared by name, everything else by position. */
function counterpart(actual: unknown[], recorded: unknown, nth: number): unknown {
  const name = isObject(recorded) ? recorded["api_name"] : undefined;
  if (name !== undefined)
    return actual.find((entry) => isObject(entry) && entry["api_name"] === name);
  return actual[nth] ?? actual[0];
}

/** Makes the records the recording speaks of, so that the same request meets the same situation. */
async function stage(b: Bench): Promise<Record<string, string>> {
  const make = async (module: string, row: unknown): Promise<string> => {
    const { body } = await b.call("POST", `/${module}`, { data: [row] });
    return body.data[0].details.id;
  };
  const Accounts = await make("Accounts", { Account_Name: "Acme Corp" });
  const Contacts = await make("Contacts", {
    Last_Name: "Watts",
    First_Name: "Ted",
    Email: "ted@example.com",
    Account_Name: { id: Accounts },
  });
  await make("Contacts", { Last_Name: "Probe", Email: "c@example.com" });
  await make("Contacts", { Last_Name: "Probe", Email: "u@example.com" });
  const price = { Unit_Price: 19.99, Product_Code: "P-1", Product_Category: "Software" };
  const Products = await make("Products", { Product_Name: "Test Product", ...price });
  await make("Products", { Product_Name: "Test Unlink Product", ...price });
  await make("Products", { Product_Name: "Upsert Test", ...price });
  return { Accounts, Contacts, Products };
}

async function prepare(b: Bench, file: string, exchange: Exchange): Promise<string> {
  const ids = await stage(b);
  const link = () =>
    b.call("PUT", `/Contacts/${ids["Contacts"]}/Products/${ids["Products"]}`, { data: [{}] });
  const wantsLink = exchange.method !== "PUT" || file.startsWith("upsert-contact-with");
  if (/Contacts\/\d+\/Products/.test(exchange.path) && wantsLink) await link();
  const user = b.sandbox.store.users()[0]?.id ?? "";
  if (file === "products.json") {
    const all = [...b.sandbox.store.records("Products").keys()];
    await b.call("DELETE", `/Products?ids=${all.join(",")}`);
  }
  return exchange.path
    .replace("/bigin/v2", "")
    .replace(/\/(Contacts|Accounts|Products)\/\d+/, (_, module) => `/${module}/${ids[module]}`)
    .replace(/\/Products\/\d+$/, `/Products/${ids["Products"]}`)
    .replace(/\/users\/\d+/, `/users/${user}`);
}

/** Ids of the recorded organisation in a body, replaced by ones that exist here. */
function adapt(send: unknown, ids: Record<string, string>): unknown {
  return JSON.parse(
    JSON.stringify(send)
      .replaceAll("7618134000000632027", ids["Accounts"] ?? "")
      .replace(/"id":"76181340000006470\d\d",/g, ""),
  );
}

for (const file of readdirSync(FOLDER)) {
  const { source, exchanges } = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as {
    source: string;
    exchanges: Exchange[];
  };
  for (const [nth, exchange] of exchanges.entries()) {
    test(`answers as recorded: ${file} ${exchange.method} ${nth + 1}`, async () => {
      expect(source).toContain("recordings/");
      const b = bench();
      const path = await prepare(b, file, exchange);
      const search = new URLSearchParams(exchange.query).toString();
      const target = search === "" ? path : `${path}?${search}`;
      const send = exchange.send && adapt(exchange.send, { Accounts: b.id("Accounts") });
      const answer = await b.call(exchange.method, target, send);
      expect(answer.status, JSON.stringify(answer.body).slice(0, 300)).toBe(exchange.status);
      if (exchange.body === null) return expect(answer.body).toBe("");
      expectSameShape(answer.body, exchange.body, "answer");
    });
  }
}
