import type { Sandbox } from "../../src/sandbox/app.ts";

type Args = Record<string, unknown>;

/** Records and a connection of the sandbox that calls can be about. */
export interface Ids {
  contact: string;
  company: string;
  deal: string;
  connection: string;
}

export function idsIn({ store }: Sandbox): Ids {
  const first = (module: string) => [...store.records(module).keys()][0] ?? "";
  return {
    ...{ contact: first("Contacts"), company: first("Accounts"), deal: first("Pipelines") },
    connection: [...store.connections().keys()].at(-1) ?? "",
  };
}

/** At least one call of every kind of reply: what each place that holds an outsider's text comes out by. */
export const calls: ((ids: Ids) => [string, Args])[] = [
  () => ["bigin_list_modules", {}],
  () => ["bigin_list_users", {}],
  () => ["bigin_check_access", {}],
  () => ["bigin_list_connections", {}],
  ({ connection }) => ["bigin_get_connection", { connection_id: connection }],
  () => ["bigin_create_connection", {}],
  ({ connection }) => ["bigin_delete_connection", { connection_id: connection }],
  ...["Contacts", "deals", "Notes", "Products"].map((module) => (): [string, Args] => [
    "bigin_list_records",
    { module, per_page: 3 },
  ]),
  () => ["bigin_list_records", { module: "Contacts", fields: ["Last_Name", "Tag", "Owner"] }],
  () => ["bigin_describe_module", { module: "deals" }],
  ...["stage", "pipelines", "views", "related_lists", "Owner", "nothing"].map(
    (field) => (): [string, Args] => ["bigin_describe_module", { module: "deals", field }],
  ),
  ({ contact }) => ["bigin_get_record", { module: "Contacts", id: contact }],
  ({ deal }) => ["bigin_get_record", { module: "deals", id: deal }],
  ({ company }) => [
    "bigin_list_related_records",
    { module: "companies", id: company, related_list: "contacts" },
  ],
  ({ contact }) => [
    "bigin_list_related_records",
    { module: "Contacts", id: contact, related_list: "notes" },
  ],
  ({ contact }) => [
    "bigin_list_related_records",
    { module: "Contacts", id: contact, related_list: "attachments" },
  ],
  ({ contact }) => [
    "bigin_list_related_records",
    { module: "Contacts", id: contact, related_list: "no" },
  ],
  () => [
    "bigin_search_records",
    { module: "deals", filters: [{ field: "owner", op: "equals", value: "Amelia" }] },
  ],
  () => [
    "bigin_search_records",
    { module: "deals", filters: [{ field: "stage", op: "equals", value: "no" }] },
  ],
  () => ["bigin_search_records", { module: "Contacts", word: "stone" }],
  () => ["bigin_search_records", { module: "Contacts", criteria: "((Last_Name:starts_with:a)" }],
  () => ["bigin_summarize_records", { module: "deals", group_by: ["stage"] }],
  () => ["bigin_summarize_records", { module: "Notes", group_by: ["Note_Title"] }],
  () => [
    "bigin_create_records",
    { module: "Contacts", records: [{ Last_Name: "Novak", Tag: ["a", "b"] }] },
  ],
  () => [
    "bigin_create_records",
    { module: "Contacts", records: [{ Last_Name: "N", Owner: "nobody", Zip: 1 }] },
  ],
  () => [
    "bigin_create_records",
    { module: "Contacts", records: [{ Last_Name: "N", Account_Name: "no" }], dry_run: true },
  ],
  ({ contact }) => [
    "bigin_update_records",
    { module: "Contacts", records: [{ id: contact, Title: "Chief", Description: "x\ny" }] },
  ],
  ({ contact }) => [
    "bigin_update_records",
    { module: "Contacts", records: [{ id: contact, Title: "Other" }], dry_run: true },
  ],
  ({ deal }) => [
    "bigin_update_records",
    { module: "deals", records: [{ id: deal, Stage: "Closed Won" }] },
  ],
  () => [
    "bigin_upsert_records",
    { module: "Contacts", records: [{ Last_Name: "Novak", Email: "novak@example.com" }] },
  ],
  ({ contact }) => ["bigin_delete_records", { module: "Contacts", ids: [contact] }],
  ({ contact }) => ["bigin_delete_records", { module: "Contacts", ids: [contact], dry_run: true }],
  () => ["bigin_list_writes", {}],
  () => ["bigin_list_writes", { write_id: "w1" }],
  () => ["bigin_undo_write", { write_id: "w1", dry_run: true }],
  () => ["bigin_undo_write", { write_id: "w1" }],
  () => ["bigin_undo_write", { write_id: "nothing" }],
  () => ["bigin_nothing", {}],
  () => ["bigin_list_records", { module: "nothing", per_page: "many", nothing: 1 }],
];
