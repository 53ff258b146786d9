import { missingParam, unknownModule, unknownPath } from "../errors.ts";
import { fieldMeta, layoutsMeta, moduleMeta } from "../metadata.ts";
import { type Call, nothing, ok, type Reply, type Route, type World } from "../routing.ts";
import { type Json, type ModuleDef, orgId, type View } from "../schema.ts";

const scopes = (name: string) => () => [`settings.${name}`];

const by = (world: World): Json => {
  const { name, id } = world.store.actor();
  return { name, id };
};

/** The module named by `?module=`, which all settings but the module list insist on. */
function asked(call: Call, world: World): ModuleDef {
  const name = call.query.get("module");
  if (!name) throw missingParam("module");
  const def = world.store.modules.get(name);
  if (!def?.supported) throw unknownModule();
  return def;
}

function modules(_call: Call, world: World): Reply {
  const all = world.store.modules;
  return ok({ modules: [...all.values()].map((def) => moduleMeta(def, all, by(world))) });
}

function module(call: Call, world: World): Reply {
  const all = world.store.modules;
  const def = all.get(call.params["name"] ?? "");
  if (!def?.supported) throw unknownModule();
  const related = def.related.map((_, index) => ({ ...relatedList(def, index, world) }));
  return ok({ modules: [{ ...moduleMeta(def, all, by(world)), related_lists: related }] });
}

function fields(call: Call, world: World): Reply {
  const def = asked(call, world);
  return ok({ fields: def.fields.map((field) => fieldMeta(def, field, world.store.modules)) });
}

function layouts(call: Call, world: World): Reply {
  return ok({ layouts: layoutsMeta(asked(call, world), world.store.modules) });
}

function relatedList(def: ModuleDef, index: number, world: World): Json {
  const list = def.related[index];
  const target = world.store.modules.get(list?.module ?? "");
  return {
    id: orgId(70_001 + (Number(def.id.slice(-5)) % 1_000) * 20 + index),
    api_name: list?.name,
    display_label: target?.plural,
    name: list?.name,
    module: target ? { api_name: target.api_name, id: target.id } : null,
    href: `${def.api_name}/{ENTITYID}/${list?.name}`,
    action: null,
    sequence_number: index + 1,
    type: "default",
  };
}

const relatedLists = (call: Call, world: World): Reply => {
  const def = asked(call, world);
  if (def.related.length === 0) return nothing;
  return ok({ related_lists: def.related.map((_, index) => relatedList(def, index, world)) });
};

function viewMeta(view: View, index: number, world: World): Json {
  return {
    id: view.id,
    name: view.name,
    display_value: view.name,
    system_name: index === 0 ? "ALLVIEWS" : null,
    system_defined: true,
    default: index === 0,
    shared_type: "all",
    category: "public_views",
    access_type: "public",
    favorite: null,
    offline: true,
    created_time: null,
    created_by: null,
    modified_time: null,
    modified_by: null,
    last_accessed_time: world.store.stamp(),
  };
}

function customViews(call: Call, world: World): Reply {
  const def = asked(call, world);
  const views = def.views.map((view, index) => viewMeta(view, index, world));
  const info = {
    per_page: 200,
    default: views[0]?.["id"],
    count: views.length,
    page: 1,
    more_records: false,
  };
  return ok({ custom_views: views, info });
}

function customView(call: Call, world: World): Reply {
  const def = asked(call, world);
  const id = call.params["id"] ?? "";
  if (!/^\d+$/.test(id)) throw unknownPath();
  const index = def.views.findIndex((view) => view.id === id);
  const view = def.views[index];
  if (!view) return nothing;
  const columns = def.fields
    .slice(0, 6)
    .map(({ api_name, id: fieldId }) => ({ api_name, id: fieldId }));
  const criteria = view.rules.length === 0 ? null : criteriaOf(view);
  return ok({ custom_views: [{ ...viewMeta(view, index, world), fields: columns, criteria }] });
}

const COMPARATORS = { is: "equal", not: "not_equal", before: "less_than", between: "between" };
const VALUES: Record<string, string> = {
  $ME: `${"$"}{CURRENTUSER}`,
  $TODAY: `${"$"}{TODAY}`,
  $MONTH: `${"$"}{THISMONTH}`,
};

function criteriaOf(view: View): Json {
  const group = view.rules.map((rule) => ({
    comparator: COMPARATORS[rule.op],
    field: { api_name: rule.field },
    value: VALUES[rule.value] ?? rule.value,
  }));
  return { group_operator: "AND", group };
}

export const settingsRoutes: Route[] = [
  { verb: "GET", path: "/settings/modules", scopes: scopes("modules"), handle: modules },
  { verb: "GET", path: "/settings/modules/:name", scopes: scopes("modules"), handle: module },
  { verb: "GET", path: "/settings/fields", scopes: scopes("fields"), handle: fields },
  { verb: "GET", path: "/settings/layouts", scopes: scopes("layouts"), handle: layouts },
  {
    verb: "GET",
    path: "/settings/related_lists",
    scopes: scopes("related_lists"),
    handle: relatedLists,
  },
  {
    verb: "GET",
    path: "/settings/custom_views",
    scopes: scopes("custom_views"),
    handle: customViews,
  },
  {
    verb: "GET",
    path: "/settings/custom_views/:id",
    scopes: scopes("custom_views"),
    handle: customView,
  },
];
