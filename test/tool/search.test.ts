import { expect, test } from "vitest";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { tools } from "../../tools/index.ts";
import { argumentsIn } from "../support/schemas.ts";

/**
 * Hosts with many tools do not show them all to the model: the model searches them by text, and sees the best hits
 * only. These are words that a shop owner, a seller, service staff, an administrator or a developer would use. They were
 * written before the descriptions were, and must not repeat them on purpose.
 */
const phrases: readonly (readonly [phrase: string, ...right: string[]])[] = [
  // A shop owner.
  ["which of my tasks are overdue", "bigin_search_records"],
  ["find the customer with the email ana@bakery.example", "bigin_search_records"],
  ["who called from this phone number", "bigin_search_records"],
  ["how much is my pipeline worth", "bigin_summarize_records"],
  ["how many customers do we have", "bigin_summarize_records"],
  ["add a new customer", "bigin_create_records"],
  ["get rid of a duplicate contact", "bigin_delete_records"],
  ["undo what you just did", "bigin_undo_write"],
  ["revenue won per month this year", "bigin_summarize_records"],
  ["correct a customer's phone number", "bigin_update_records"],
  ["connect my Bigin account", "bigin_create_connection"],
  ["what did you change today", "bigin_list_writes"],
  ["product price list", "bigin_list_records", "bigin_search_records"],
  // A seller.
  ["deals closing this month", "bigin_search_records"],
  ["move a deal to the next stage", "bigin_update_records"],
  ["mark the opportunity as won", "bigin_update_records"],
  ["add a follow-up task for Friday", "bigin_create_records"],
  ["log a phone call with a client", "bigin_create_records"],
  ["write a note on a company", "bigin_create_records"],
  ["schedule a meeting with a lead", "bigin_create_records"],
  ["sales by salesperson", "bigin_summarize_records"],
  ["which people work at this company", "bigin_list_related_records", "bigin_search_records"],
  ["read the notes of a deal", "bigin_list_related_records"],
  ["give these deals to another owner", "bigin_update_records"],
  ["newest leads", "bigin_list_records", "bigin_search_records"],
  ["stages of the sales pipeline", "bigin_describe_module"],
  // Service staff.
  ["look up a person by name", "bigin_search_records"],
  ["history of calls with a customer", "bigin_list_related_records", "bigin_search_records"],
  ["full details of one client", "bigin_get_record"],
  ["customers without an email address", "bigin_search_records"],
  ["today's appointments", "bigin_search_records"],
  ["mark a to-do as completed", "bigin_update_records"],
  ["a colleague's email address", "bigin_list_users"],
  ["show all the companies", "bigin_list_records"],
  // An administrator.
  ["which fields are required", "bigin_describe_module"],
  ["custom modules we have", "bigin_list_modules"],
  ["permission denied, what am I allowed to see", "bigin_check_access"],
  ["disconnect Bigin and revoke access", "bigin_delete_connection"],
  ["has the user finished the authorization", "bigin_get_connection"],
  ["who has admin rights", "bigin_list_users", "bigin_check_access"],
  [
    "import a spreadsheet without making duplicates",
    "bigin_upsert_records",
    "bigin_create_records",
  ],
  ["which Zoho logins are linked", "bigin_list_connections"],
  // A developer.
  ["restore deleted records", "bigin_undo_write"],
  ["allowed values of a dropdown", "bigin_describe_module"],
  ["sync records from another system", "bigin_upsert_records"],
  // German.
  ["überfällige Aufgaben anzeigen", "bigin_search_records"],
  ["neuen Kunden anlegen", "bigin_create_records"],
  ["Umsatz pro Monat", "bigin_summarize_records"],
  ["letzte Änderung rückgängig machen", "bigin_undo_write"],
  ["welche Mitarbeiter gibt es", "bigin_list_users"],
  // Spanish.
  ["buscar un cliente por correo", "bigin_search_records"],
  ["eliminar un contacto", "bigin_delete_records"],
  ["cuántos negocios hay abiertos", "bigin_summarize_records", "bigin_search_records"],
  ["cambiar el teléfono de un contacto", "bigin_update_records"],
  ["crear una tarea", "bigin_create_records"],
  // Chinese.
  ["查找客户的电话", "bigin_search_records"],
  ["新建联系人", "bigin_create_records"],
  ["统计每个阶段的商机金额", "bigin_summarize_records"],
  ["撤销刚才的修改", "bigin_undo_write"],
  ["授权连接 Bigin 账号", "bigin_create_connection"],
];

/** Lower-case words without accents. Chinese has no spaces, so each pair of characters is a word. */
function wordsIn(text: string): string[] {
  const folded = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const runs = folded.match(/\p{Script=Han}+|[^\P{L}\p{Script=Han}]+|\p{N}+/gu) ?? [];
  return runs.flatMap((run) => (/^\p{Script=Han}{2}/u.test(run) ? pairsIn([...run]) : [run]));
}

function pairsIn(characters: readonly string[]): string[] {
  return characters.slice(1).map((one, at) => `${characters[at]}${one}`);
}

const documents = createCatalogue(tools, { readOnly: false })
  .list()
  .map(({ name, title, description, inputSchema, _meta }) => {
    const hint = String(_meta?.["anthropic/searchHint"] ?? "");
    const args = argumentsIn(inputSchema).map(
      ({ path, schema }) => `${path} ${schema["description"]}`,
    );
    const texts = [name, title, description, ...args, hint];
    return { name, words: texts.flatMap(wordsIn) };
  });

/** The tools with a word of the phrase, best first: Okapi BM25 with the usual constants. */
function search(phrase: string): string[] {
  const [k1, b] = [1.2, 0.75];
  const average = documents.reduce((sum, { words }) => sum + words.length, 0) / documents.length;
  const scored = documents.map(({ name, words }) => {
    const score = wordsIn(phrase).reduce((sum, word) => {
      const holders = documents.filter((one) => one.words.includes(word)).length;
      const rarity = Math.log(1 + (documents.length - holders + 0.5) / (holders + 0.5));
      const times = words.filter((one) => one === word).length;
      const length = 1 - b + (b * words.length) / average;
      return sum + (rarity * times * (k1 + 1)) / (times + k1 * length);
    }, 0);
    return { name, score };
  });
  return scored
    .filter(({ score }) => score > 0)
    .toSorted((one, other) => other.score - one.score)
    .map(({ name }) => name);
}

test("an everyday phrase finds the right tool among the first three", () => {
  const missed = phrases.filter(([phrase, ...right]) => {
    const first = search(phrase).slice(0, 3);
    return !right.some((name) => first.includes(name));
  });
  const told = missed.map(([phrase]) => `${phrase}: ${search(phrase).slice(0, 3).join(", ")}`);
  expect(phrases.length).toBe(60);
  expect(missed.length, told.join("\n")).toBeLessThanOrEqual(phrases.length * 0.1);
});

test("every tool that a phrase expects is in the catalogue", () => {
  const names = new Set(tools.map(({ name }) => name));
  for (const [phrase, ...right] of phrases)
    expect(
      right.filter((name) => !names.has(name)),
      phrase,
    ).toEqual([]);
});
