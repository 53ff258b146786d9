import type { Sandbox } from "../../src/sandbox/app.ts";

const base = "https://gateway.maton.ai/zoho-bigin/bigin/v2";
const rowsAtOnce = 100;

const standard = ["Contacts", "Accounts", "Pipelines", "Products", "Tasks", "Events", "Calls"];
/** The modules with records in the sandbox. */
export const seededModules: readonly string[] = [...standard, "Notes", "Service_Contracts"];

/** Creates records in the sandbox as another program would. Returns their ids. */
export async function seed(
  sandbox: Sandbox,
  module: string,
  rows: readonly Record<string, unknown>[],
): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < rows.length; at += rowsAtOnce) {
    const response = await sandbox.fetch(`${base}/${module}`, {
      method: "POST",
      headers: { authorization: "Bearer sandbox" },
      body: JSON.stringify({ data: rows.slice(at, at + rowsAtOnce) }),
    });
    if (response.status !== 201) throw new Error(`not seeded: ${await response.text()}`);
    const { data } = (await response.json()) as { data: { details: { id: string } }[] };
    ids.push(...data.map(({ details }) => details.id));
  }
  return ids;
}

/** Deletes records from the sandbox as another program would. */
export async function erase(
  sandbox: Sandbox,
  module: string,
  ids: readonly string[],
): Promise<void> {
  for (let at = 0; at < ids.length; at += rowsAtOnce) {
    const some = ids.slice(at, at + rowsAtOnce).join(",");
    const response = await sandbox.fetch(`${base}/${module}?ids=${some}`, {
      method: "DELETE",
      headers: { authorization: "Bearer sandbox" },
    });
    if (response.status !== 200) throw new Error(`not erased: ${await response.text()}`);
  }
}
