import type { StoredRecord } from "../../src/sandbox/store.ts";

/** The form of Bigin that the suite runs on: `npm run test:engine` runs it on the other one. */
export const testedContract =
  process.env["BIGIN_TEST_CONTRACT"] === "engine" ? "engine" : "documented";

const isEngine = testedContract === "engine";

/** The names that activities have for their links, and the name that the engine has for deals. */
export const linkField = isEngine ? "Related_To" : "What_Id";
export const contactField = isEngine ? "Contact_Name" : "Who_Id";
export const moduleKey = isEngine ? "$related_module" : "$se_module";
export const dealsAsModule = isEngine ? "Deals" : "Pipelines";

/** The module of the record that a stored note, task, event or call is about. */
export function moduleAbout(record: Readonly<Record<string, unknown>>): unknown {
  const { module } = Object(record["Parent_Id"]);
  const name = module?.api_name ?? record["$related_module"] ?? record["$se_module"];
  return name === "Deals" ? "Pipelines" : name;
}

/** A row of an activity as Bigin itself takes it. */
export function activityRow(
  subject: string,
  about: Pick<StoredRecord, "id">,
  module: string,
): Record<string, unknown> {
  const { id } = about;
  return { Subject: subject, [linkField]: { id }, [moduleKey]: module };
}
