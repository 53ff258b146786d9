import { invalidData } from "./errors.ts";
import { asText, idOf, type ModuleDef, type View, type ViewRule } from "./schema.ts";
import type { SandboxStore, StoredRecord } from "./store.ts";
import { day, monthBounds } from "./time.ts";

/** The view with this id. Throws INVALID_DATA when the module has none. */
export function findView(def: ModuleDef, cvid: string): View {
  const view = def.views.find((entry) => entry.id === cvid);
  if (!view)
    throw invalidData({ param_name: "cvid" }, "the custom view id given seems to be invalid");
  return view;
}

export function inView(view: View, record: StoredRecord, store: SandboxStore): boolean {
  return view.rules.every((rule) => holds(rule, record, store));
}

function holds(rule: ViewRule, record: StoredRecord, store: SandboxStore): boolean {
  const found = record[rule.field];
  const value = idOf(found) ?? asText(found);
  switch (rule.op) {
    case "is":
      return value === (rule.value === "$ME" ? store.actor().id : rule.value);
    case "not":
      return value !== rule.value;
    case "before":
      return value !== "" && value < day(store.now());
    case "between": {
      const [first, last] = monthBounds(store.now());
      return value >= first && value <= last;
    }
  }
}
