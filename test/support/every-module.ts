import { expect } from "vitest";
import type { Sandbox } from "../../src/sandbox/app.ts";
import { results, table } from "./replies.ts";
import type { Connected, Reply } from "./writes.ts";

/** A new record of each module, the field that is its name, and one that is changed later. */
export const modules: Readonly<Record<string, { row: Reply; name: string; change: string }>> = {
  Contacts: { row: { Last_Name: "Zebrowski" }, name: "Last_Name", change: "Title" },
  Accounts: { row: { Account_Name: "Zebrowski Works" }, name: "Account_Name", change: "Phone" },
  Pipelines: {
    row: {
      Deal_Name: "Zebrowski deal",
      Sub_Pipeline: "Sales Pipeline Standard",
      Stage: "Qualification",
    },
    name: "Deal_Name",
    change: "Description",
  },
  Products: {
    row: { Product_Name: "Zebrowski pump" },
    name: "Product_Name",
    change: "Description",
  },
  Tasks: { row: { Subject: "Zebrowski task" }, name: "Subject", change: "Description" },
  Events: {
    row: {
      Event_Title: "Zebrowski visit",
      Start_DateTime: "2026-12-24T10:00:00-05:00",
      End_DateTime: "2026-12-24T11:00:00-05:00",
    },
    name: "Event_Title",
    change: "Venue",
  },
  Calls: {
    row: {
      Subject: "Zebrowski call",
      Call_Type: "Outbound",
      Call_Start_Time: "2026-12-24T10:00:00-05:00",
      Call_Duration: "05:00",
    },
    name: "Subject",
    change: "Description",
  },
};

/** The records of the sandbox with this value in a field. */
export function stored(sandbox: Sandbox, module: string, name: string, value: unknown) {
  return [...sandbox.store.records(module).values()].filter((one) => one[name] === value);
}

/** Lists, creates, finds, changes and deletes in one module. What the replies say must be true in the store. */
export async function useModule({ call, sandbox }: Connected, module: string): Promise<void> {
  const { row, name, change } = modules[module] ?? { row: {}, name: "", change: "" };
  const listed = table(await call.list(module, { fields: [name], per_page: 5 }));
  const newest = [...sandbox.store.records(module).keys()].slice(-5).toReversed();
  expect(listed.rows.map(([id]) => id)).toEqual(newest);

  const created = await call.create(module, [row]);
  const [made, ...twins] = stored(sandbox, module, name, row[name]);
  expect(twins).toEqual([]);
  expect(results(created)).toMatchObject([{ outcome: "created", id: made?.id }]);

  const filters = [{ field: name, op: "equals", value: row[name] }];
  const found = table(await call.search(module, { filters, fields: [name] }));
  expect(found.rows.map(([id]) => id)).toEqual([made?.id]);

  const updated = await call.update(module, [{ id: made?.id, [change]: "changed" }]);
  expect(updated).toMatchObject({ done: 1 });
  expect(stored(sandbox, module, "id", made?.id)).toMatchObject([{ [change]: "changed" }]);

  expect(await call.delete(module, [made?.id])).toMatchObject({ done: 1 });
  expect(stored(sandbox, module, "id", made?.id)).toEqual([]);
}
