import { missingParam, unknownModule, unknownPath } from "../errors.ts";
import { fieldMeta, layoutsMeta, moduleMeta } from "../metadata.ts";
import {
  type ApiReply,
  type ApiRequest,
  type Backend,
  noContent,
  ok,
  type Route,
} from "../routing.ts";
import { type Json, type ModuleDef, orgId, type View } from "../schema.ts";

function scopes(name: string): () => string[] {
  return () => [`settings.${name}`];
}

function modifiedBy(backend: Backend): Json {
  const { name, id } = backend.store.actor();
  return { name, id };
}

/** The module named by `?module=`, which all settings but the module list require. */
function requestedModule(request: ApiRequest, backend: Backend): ModuleDef {
  const name = request.query.get("module");
  if (!name) throw missingParam("module");
  const def = backend.store.modules.get(name);
  if (!def?.supported) throw unknownModule();
  return def;
}

/** Metadata as JSON, by the modules of an organisation and by a name. They never change, and building them is slow. */
const metadata = new WeakMap<Backend["store"]["modules"], Map<string, string>>();

function cachedReply(backend: Backend, name: string, build: () => Json): ApiReply {
  const { modules } = backend.store;
  const cached = metadata.get(modules) ?? new Map<string, string>();
  metadata.set(modules, cached);
  const json = cached.get(name) ?? JSON.stringify(build());
  cached.set(name, json);
  return { status: 200, json };
}

function modules(_request: ApiRequest, backend: Backend): ApiReply {
  const all = backend.store.modules;
  return cachedReply(backend, "modules", () => ({
    modules: [...all.values()].map((def) => moduleMeta(def, all, modifiedBy(backend))),
  }));
}

function module(request: ApiRequest, backend: Backend): ApiReply {
  const all = backend.store.modules;
  const def = all.get(request.params["name"] ?? "");
  if (!def?.supported) throw unknownModule();
  const related = def.related.map((_, index) => ({ ...relatedList(def, index, backend) }));
  return ok({
    modules: [{ ...moduleMeta(def, all, modifiedBy(backend)), related_lists: related }],
  });
}

function fields(request: ApiRequest, backend: Backend): ApiReply {
  const def = requestedModule(request, backend);
  return cachedReply(backend, `fields of ${def.api_name}`, () => ({
    fields: def.fields.map((field) => fieldMeta(def, field, backend.store.modules)),
  }));
}

function layouts(request: ApiRequest, backend: Backend): ApiReply {
  const def = requestedModule(request, backend);
  const { noStageMaps } = backend.settings;
  return cachedReply(backend, `layouts of ${def.api_name}, ${noStageMaps}`, () => ({
    layouts: layoutsMeta(def, backend.store.modules, {
      retired: backend.settings.contract === "engine",
      stageMaps: !noStageMaps,
    }),
  }));
}

function relatedList(def: ModuleDef, index: number, backend: Backend): Json {
  const list = def.related[index];
  const target = backend.store.modules.get(list?.module ?? "");
  return {
    id: orgId(70_001 + (Number(def.id.slice(-5)) % 1_000) * 20 + index),
    api_name: list?.name,
    ...(backend.settings.contract === "engine"
      ? { list_label: target?.plural, module: target?.engineName ?? null }
      : {
          display_label: target?.plural,
          module: target ? { api_name: target.api_name, id: target.id } : null,
        }),
    name: list?.name,
    href: `${def.api_name}/{ENTITYID}/${list?.name}`,
    action: null,
    sequence_number: index + 1,
    type: "default",
  };
}

function relatedLists(request: ApiRequest, backend: Backend): ApiReply {
  const def = requestedModule(request, backend);
  if (def.related.length === 0) return noContent;
  return ok({ related_lists: def.related.map((_, index) => relatedList(def, index, backend)) });
}

function viewMeta(view: View, index: number, backend: Backend): Json {
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
    last_accessed_time: backend.store.stamp(),
  };
}

function customViews(request: ApiRequest, backend: Backend): ApiReply {
  const def = requestedModule(request, backend);
  const views = def.views.map((view, index) => viewMeta(view, index, backend));
  const info = {
    per_page: 200,
    default: views[0]?.["id"],
    count: views.length,
    page: 1,
    more_records: false,
  };
  return ok({ custom_views: views, info });
}

function customView(request: ApiRequest, backend: Backend): ApiReply {
  const def = requestedModule(request, backend);
  const id = request.params["id"] ?? "";
  if (!/^\d+$/.test(id)) throw unknownPath();
  const index = def.views.findIndex((view) => view.id === id);
  const view = def.views[index];
  if (!view) return noContent;
  const columns = def.fields
    .slice(0, 6)
    .map(({ api_name, id: fieldId }) => ({ api_name, id: fieldId }));
  const criteria = view.rules.length === 0 ? null : criteriaOf(view);
  return ok({ custom_views: [{ ...viewMeta(view, index, backend), fields: columns, criteria }] });
}

/** How the metadata write the operators and the values of a view's rules. */
const comparators = { is: "equal", not: "not_equal", before: "less_than", between: "between" };
const placeholders: Record<string, string> = {
  $ME: `${"$"}{CURRENTUSER}`,
  $TODAY: `${"$"}{TODAY}`,
  $MONTH: `${"$"}{THISMONTH}`,
};

function criteriaOf(view: View): Json {
  const group = view.rules.map((rule) => ({
    comparator: comparators[rule.op],
    field: { api_name: rule.field },
    value: placeholders[rule.value] ?? rule.value,
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
