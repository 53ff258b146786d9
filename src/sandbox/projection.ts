import { isObject, type Json, type ModuleDef } from "./schema.ts";
import { engineFields } from "./seed/engine-fields.ts";
import type { StoredRecord } from "./store.ts";
import type { Switches } from "./switches.ts";

/** The endpoint decides which undocumented keys a record has. */
export type Endpoint = "list" | "get" | "search";

const noApproval = {
  delegate: false,
  takeover: false,
  approve: false,
  reject: false,
  resubmit: false,
};

const noReview = { approve: false, reject: false, resubmit: false };

function systemKeys(def: ModuleDef): Json {
  return {
    $currency_symbol: "$",
    $field_states: null,
    $sharing_permission: "full_access",
    $state: "save",
    $process_flow: false,
    $locked_for_me: false,
    $approval: noApproval,
    $editable: true,
    $review_process: noReview,
    $layout_id: { display_label: "Standard", name: "Standard", id: def.layoutId },
    $review: null,
    $zia_visions: null,
    $orchestration: null,
    $in_merge: false,
    $approval_state: "approved",
    $pathfinder: null,
    ...moduleKeys[def.api_name],
  };
}

const contactKeys = {
  $zia_owner_assignment: "owner_recommendation_unavailable",
  $is_duplicate: false,
};

const moduleKeys: Record<string, Json> = {
  Contacts: contactKeys,
  Accounts: contactKeys,
  Products: { $taxable: true },
  Pipelines: { $has_more: { Secondary_Contacts: false } },
  Notes: {
    $attachments: null,
    $size: null,
    $is_shared_to_client: false,
    $voice_note: false,
  },
};

/** Shows records as an endpoint returns them: the requested fields, or everything including undocumented keys. */
export function createProjection(
  def: ModuleDef,
  fields: readonly string[] | undefined,
  endpoint: Endpoint,
  { flatLists }: Pick<Switches, "flatLists">,
): (record: StoredRecord) => Json {
  const extra = systemKeys(def);
  const known = new Set(def.byName.keys());
  if (def.openLookup?.moduleKey) known.add(def.openLookup.moduleKey);
  const names = fields ?? [...known, ...Object.keys(extra)];

  const shown = (name: string, value: unknown) =>
    flatLists && Array.isArray(value) ? value.map((row) => flatRow(name, row)) : value;

  function project(record: StoredRecord): Json {
    const projected: Json = {};
    for (const name of names) {
      if (known.has(name)) projected[name] = shown(name, record[name] ?? null);
      else if (Object.hasOwn(extra, name)) projected[name] = extra[name];
    }
    projected["id"] = record.id;
    return projected;
  }
  if (endpoint !== "search") return project;
  const engine = fields === undefined ? { Locked__s: false, ...engineFields[def.api_name] } : {};
  return (record) => withLayout({ ...project(record), ...engine });
}

/** A secondary contact or a product line whose id and name are those of what it points at. */
function flatRow(field: string, row: unknown): unknown {
  if (!isObject(row)) return row;
  const { Product, [field]: contact, id: _, ...rest } = row;
  const target = Product ?? contact;
  return isObject(target) ? { ...rest, ...target } : row;
}

/** Search returns the team pipeline as `Layout`, even where `Pipeline` was requested. */
function withLayout(found: Json): Json {
  if (!("Pipeline" in found)) return found;
  const { Pipeline, ...rest } = found;
  const Layout = isObject(Pipeline) ? { ...Pipeline, display_label: Pipeline["name"] } : null;
  return { ...rest, Layout };
}
