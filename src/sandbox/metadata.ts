import { type Field, type Json, type ModuleDef, orgId } from "./schema.ts";
import { profiles } from "./seed/people.ts";
import { retiredPipeline, type TeamPipeline, teamPipelines } from "./seed/pipelines.ts";

/** A module as GET /settings/modules returns it, in Zoho's own mix of cases. */
export function moduleMeta(
  def: ModuleDef,
  modules: ReadonlyMap<string, ModuleDef>,
  by: Json,
): Json {
  const tab = def.visible && def.generated !== "subform";
  const parent = modules.get(def.parent ?? "");
  return {
    id: def.id,
    api_name: def.api_name,
    module_name: def.module_name,
    singular_label: def.singular,
    plural_label: def.plural,
    actual_singular_label: def.singular,
    actual_plural_label: def.plural,
    api_supported: def.supported,
    visible: def.visible,
    visibility: def.generated === "subform" ? 2 : 1,
    viewable: true,
    creatable: def.supported,
    editable: def.editable,
    deletable: def.supported,
    convertable: false,
    quick_create: tab && def.supported,
    show_as_tab: tab,
    presence_sub_menu: tab,
    sequence_number: def.sequence,
    generated_type: def.generated,
    access_type: "org_based",
    profile_count: profiles.length,
    profiles,
    has_more_profiles: false,
    private_profile: null,
    parent_module: parent ? { api_name: parent.api_name, id: parent.id } : {},
    modified_time: null,
    modified_by: def.generated === "custom" ? by : null,
    web_link: null,
    description: null,
    arguments: [],
    business_card_field_limit: 5,
    global_search_supported: def.supported,
    filter_supported: def.supported,
    triggers_supported: def.supported,
    webform_supported: ["Contacts", "Accounts", "Pipelines"].includes(def.api_name),
    emailTemplate_support: def.supported,
    email_parser_supported: def.supported,
    inventory_template_supported: false,
    scoring_supported: tab,
    feeds_required: tab,
    isBlueprintSupported: def.supported && def.api_name !== "Calls",
    public_fields_configured: false,
  };
}

const jsonTypes: Partial<Record<Field["type"], string>> = {
  lookup: "jsonobject",
  ownerlookup: "jsonobject",
  multiselectlookup: "jsonarray",
  multiselectpicklist: "jsonarray",
  subform: "jsonarray",
  tag: "jsonarray",
  json: "jsonobject",
  boolean: "boolean",
  integer: "integer",
  double: "double",
  currency: "double",
  userlookup: "jsonobject",
  multi_module_lookup: "jsonobject",
  decimal: "double",
  formula: "double",
  ALARM: "jsonobject",
  RRULE: "jsonobject",
  multireminder: "jsonarray",
};

/** Types that have another name in the metadata. */
const dataTypes: Partial<Record<Field["type"], string>> = {
  tag: "text",
  layout: "bigint",
  json: "text",
};

function optionsMeta(field: Field): Json[] {
  const firstId = 400_000 + Number(field.id.slice(-5)) * 30;
  return field.options.map((option, index) => ({
    display_value: field.shown.get(option) ?? option,
    sequence_number: index + 1,
    reference_value: option,
    colour_code: null,
    actual_value: option,
    id: orgId(firstId + index),
    type: "used",
  }));
}

/** A field as GET /settings/fields returns it. */
export function fieldMeta(
  def: ModuleDef,
  field: Field,
  modules: ReadonlyMap<string, ModuleDef>,
): Json {
  const readOnly = field.flags.has("system");
  const filterable = !field.flags.has("unsearchable") && field.type !== "textarea";
  const target = modules.get(field.target ?? "");
  return {
    ...blankField,
    id: field.id,
    api_name: field.api_name,
    field_label: field.label,
    display_label: field.api_name.replaceAll("_", " "),
    data_type: dataTypes[field.type] ?? field.type,
    json_type: jsonTypes[field.type] ?? "string",
    length: field.length,
    decimal_place: jsonTypes[field.type] === "double" ? 2 : null,
    system_mandatory: field.flags.has("mandatory"),
    // The owner can be written all the same (docs/reference/bigin-api.md §2.3).
    field_read_only: readOnly || field.type === "ownerlookup",
    read_only: readOnly,
    custom_field: field.flags.has("custom") || def.generated === "custom",
    display_field: field.flags.has("display"),
    filterable,
    searchable: !field.flags.has("unsearchable"),
    sortable: filterable,
    pick_list_values: optionsMeta(field),
    unique: field.flags.has("unique") ? { casesensitive: "0" } : {},
    lookup: lookupMeta(def, field, target?.api_name, target?.id),
    view_type: {
      view: true,
      edit: !readOnly,
      quick_create: field.flags.has("mandatory"),
      create: !readOnly,
    },
    profiles: profiles.map((profile) => ({
      permission_type: readOnly ? "read_only" : "read_write",
      name: profile.name,
      id: profile.id,
    })),
    ...optionalKeys(field),
  };
}

/** Keys that Bigin sends for some fields only. JSON drops what is undefined. */
function optionalKeys(field: Field): Json {
  return {
    quick_sequence_number: field.flags.has("mandatory") ? "1" : undefined,
    textarea: field.type === "textarea" ? { type: "large" } : undefined,
    blueprint_supported: field.type === "picklist" ? field.api_name === "Stage" : undefined,
  };
}

/** What a lookup points at. The engine's lookups of any module name the module "se_module". */
function lookupMeta(def: ModuleDef, field: Field, target = "se_module", targetId?: string): Json {
  const isAny = field.type === "multi_module_lookup";
  if (!isAny && !(field.type === "lookup" && targetId)) return {};
  return {
    display_label: def.plural,
    api_name: def.api_name,
    module: { api_name: target, crypt: false, id: targetId },
    id: orgId(3_700_000 + Number(field.id.slice(-5))),
  };
}

const blankField: Json = {
  type: "used",
  virtual_field: false,
  visible: true,
  mass_update: false,
  webhook: true,
  businesscard_supported: false,
  separator: false,
  display_type: -1,
  ui_type: 1,
  created_source: "default",
  tooltip: null,
  crypt: null,
  created_time: null,
  modified_time: null,
  global_picklist: null,
  external: null,
  subform: null,
  association_details: null,
  display_format: null,
  pick_list_values_sorted_lexically: false,
  multiselectlookup: {},
  multi_module_lookup: {},
  formula: {},
  auto_number: {},
  currency: {},
  email_parser: { fields_update_supported: false, record_operations_supported: true },
  colour_code_enabled_by_system: false,
  enable_colour_code: false,
  display_format_properties: null,
  parent_field: null,
  child_fields: null,
  range: null,
  address: null,
  history_tracking: null,
};

/**
 * The layouts of a module: one "Standard", or for Pipelines one for each team pipeline. With `retired`, also one that is no
 * longer in use.
 */
export function layoutsMeta(
  def: ModuleDef,
  modules: ReadonlyMap<string, ModuleDef>,
  { retired = false, stageMaps = true } = {},
): Json[] {
  if (def.byName.has("Sub_Pipeline")) {
    const layoutOf = (team: TeamPipeline) =>
      layoutMeta(def, team.id, team.name, teamFields(def, team, modules, stageMaps));
    const inactive = { status: "inactive", visible: false };
    return [
      ...teamPipelines.map(layoutOf),
      ...(retired ? [{ ...layoutOf(retiredPipeline), ...inactive }] : []),
    ];
  }
  const fields = def.fields.map((field) => fieldMeta(def, field, modules));
  return [layoutMeta(def, def.layoutId, "Standard", fields)];
}

function layoutMeta(def: ModuleDef, id: string, name: string, fields: Json[]): Json {
  return {
    id,
    name,
    display_label: name,
    api_name: name.replaceAll(" ", "_"),
    status: "active",
    visible: true,
    has_more_profiles: false,
    profiles,
    created_time: null,
    created_by: null,
    modified_time: null,
    modified_by: null,
    sections: [
      {
        display_label: `${def.singular} Information`,
        name: `${def.singular} Information`,
        api_name: `${def.api_name}_Information`,
        sequence_number: 1,
        column_count: 2,
        type: "used",
        fields: fields.map((field, index) => ({
          ...field,
          required: field["system_mandatory"],
          sequence_number: index + 1,
        })),
      },
    ],
  };
}

/** Only layouts say which stages a sub-pipeline has: `maps` of its option points at the Stage field. */
function teamFields(
  def: ModuleDef,
  team: TeamPipeline,
  modules: ReadonlyMap<string, ModuleDef>,
  stageMaps: boolean,
): Json[] {
  const stage = def.byName.get("Stage");
  const stages = stage ? optionsMeta(stage) : [];
  const inTeam = new Set(team.subPipelines.flatMap((entry) => entry.stages));
  const stagesNamed = (names: Iterable<string>) => {
    const wanted = new Set(names);
    return stages.filter((option) => wanted.has(String(option["actual_value"])));
  };
  const subs = team.subPipelines.map((entry, index) => ({
    display_value: def.byName.get("Sub_Pipeline")?.shown.get(entry.name) ?? entry.name,
    sequence_number: index + 1,
    reference_value: entry.name,
    colour_code: null,
    actual_value: entry.name,
    id: entry.id,
    type: "used",
    maps: stageMaps
      ? [{ api_name: "Stage", id: stage?.id ?? "", pick_list_values: stagesNamed(entry.stages) }]
      : undefined,
  }));
  return def.fields.map((field) => {
    const meta = fieldMeta(def, field, modules);
    if (field.api_name === "Sub_Pipeline") return { ...meta, pick_list_values: subs };
    if (field.api_name === "Stage") return { ...meta, pick_list_values: stagesNamed(inTeam) };
    return meta;
  });
}
