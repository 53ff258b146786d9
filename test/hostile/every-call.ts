import type { Sandbox } from "../../src/sandbox/app.ts";
import { examples, filled, type Ids, idsIn } from "../support/examples.ts";

type Args = Record<string, unknown>;
type Call = [name: string, args: Args];

/** The first write of a connection. */
const write = "w1";
/** Records that no example deletes. */
const untouched = 25;

/** What the examples of the tools do not ask for: other kinds of replies, other places that hold an outsider's text. */
const special: readonly ((ids: Ids) => Call)[] = [
  ...["Contacts", "Products"].map(
    (module) => (): Call => ["bigin_list_records", { module, per_page: 3 }],
  ),
  () => ["bigin_list_records", { module: "Contacts", fields: ["Last_Name", "Tag", "Owner"] }],
  ...["pipelines", "views", "related_lists", "Owner", "nothing"].map(
    (field) => (): Call => ["bigin_describe_module", { module: "deals", field }],
  ),
  ({ deal }) => ["bigin_get_record", { module: "deals", id: deal }],
  ...["attachments", "no"].map(
    (related_list) =>
      ({ contact }: Ids): Call => [
        "bigin_list_related_records",
        { module: "Contacts", id: contact, related_list },
      ],
  ),
  ...[
    { field: "owner", op: "equals", value: "Amelia" },
    { field: "stage", op: "equals", value: "no" },
  ].map((filter) => (): Call => ["bigin_search_records", { module: "deals", filters: [filter] }]),
  () => ["bigin_search_records", { module: "Contacts", criteria: "((Last_Name:starts_with:a)" }],
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
  ({ contact }) => ["bigin_delete_records", { module: "Contacts", ids: [contact], dry_run: true }],
  () => ["bigin_undo_write", { write_id: write, dry_run: true }],
  () => ["bigin_undo_write", { write_id: "nothing" }],
  () => ["bigin_nothing", {}],
  () => ["bigin_list_records", { module: "nothing", per_page: "many", nothing: 1 }],
];

const exampleCalls = examples.map((example, nth) => ({
  deletes: example.tool.effect === "delete",
  make: (sandbox: Sandbox): Call => [
    example.tool.name,
    filled(example, { ...idsIn(sandbox, nth), write }),
  ],
}));

/**
 * The examples of every tool, and special calls: together every kind of reply. Made in this order against one sandbox,
 * all examples succeed.
 */
export const calls: readonly ((sandbox: Sandbox) => Call)[] = [
  ...exampleCalls.filter(({ deletes }) => !deletes).map(({ make }) => make),
  ...special.map((make) => (sandbox: Sandbox) => make({ ...idsIn(sandbox, untouched), write })),
  ...exampleCalls.filter(({ deletes }) => deletes).map(({ make }) => make),
];
