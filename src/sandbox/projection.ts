import type { Json, ModuleDef } from "./schema.ts";
import { isObject } from "./schema.ts";
import { ENGINE_FIELDS } from "./seed/engine-fields.ts";
import type { StoredRecord } from "./store.ts";

/** Which answer a record is shown in: it decides which extra keys leak. */
export type Place = "list" | "get" | "search";

const NO_APPROVAL = {
  delegate: false,
  takeover: false,
  approve: false,
  reject: false,
  resubmit: false,
};
const NO_REVIEW = { approve: false, reject: false, resubmit: false };

function systemKeys(def: ModuleDef): Json {
  return {
    $currency_symbol: "$",
    $field_states: null,
    $sharing_permission: "full_access",
    $state: "save",
    $process_flow: false,
    $locked_for_me: false,
    $approval: NO_APPROVAL,
    $editable: true,
    $review_process: NO_REVIEW,
    $layout_id: { display_label: "Standard", name: "Standard", id: def.layoutId },
    $review: null,
    $zia_visions: null,
    $orchestration: null,
    $in_merge: false,
    $approval_state: "approved",
    $pathfinder: null,
    ...MODULE_KEYS[def.api_name],
  };
}

const PEOPLE = {
  $zia_owner_assignment: "owner_recommendation_unavailable",
  $is_duplicate: false,
};
const MODULE_KEYS: Record<string, Json> = {
  Contacts: PEOPLE,
  Accounts: PEOPLE,
  Products: { $taxable: true },
  Pipelines: { $has_more: { Secondary_Contacts: false } },
  Notes: {
    $attachments: null,
    $size: null,
    $is_shared_to_client: false,
    $voice_note: false,
  },
};

/** A record as one answer shows it: the asked fields, or everything that place leaks. */
export function project(
  def: ModuleDef,
  record: StoredRecord,
  fields: readonly string[] | undefined,
  place: Place,
): Json {
  const known = visible(def, record);
  const extra = systemKeys(def);
  const answer: Json = {};
  for (const name of fields ?? [...Object.keys(known), ...Object.keys(extra)]) {
    if (Object.hasOwn(known, name)) answer[name] = known[name];
    else if (Object.hasOwn(extra, name)) answer[name] = extra[name];
  }
  answer["id"] = record.id;
  if (place !== "search") return answer;
  if (fields === undefined)
    Object.assign(answer, { Locked__s: false }, ENGINE_FIELDS[def.api_name]);
  return def.byName.has("Pipeline") ? underLayout(answer) : answer;
}

function visible(def: ModuleDef, record: StoredRecord): Json {
  const known: Json = {};
  for (const field of def.fields) known[field.api_name] = record[field.api_name] ?? null;
  if (def.byName.has("What_Id") || def.byName.has("Parent_Id")) {
    known["$se_module"] = record["$se_module"] ?? null;
  }
  return known;
}

/** Search names the team pipeline `Layout`, even where `Pipeline` was asked for. */
function underLayout(answer: Json): Json {
  if (!("Pipeline" in answer)) return answer;
  const { Pipeline, ...rest } = answer;
  const Layout = isObject(Pipeline) ? { ...Pipeline, display_label: Pipeline["name"] } : null;
  return { ...rest, Layout };
}
