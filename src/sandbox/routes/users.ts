import { patternNotMatched, unknownPath } from "../errors.ts";
import { numberedPage } from "../paging.ts";
import {
  type ApiReply,
  type ApiRequest,
  type Backend,
  noContent,
  ok,
  type Route,
} from "../routing.ts";
import type { Json } from "../schema.ts";
import { profileOf, roleOf } from "../seed/people.ts";
import type { User } from "../store.ts";
import { stamp, zone, zoneOffsetMs } from "../time.ts";

function scopes(): string[] {
  return ["users"];
}

type UserFilter = (user: User, backend: Backend) => boolean;

/** By the `type` parameter. Every seeded user is confirmed, and none is deleted. */
const filters = new Map<string, UserFilter>(
  Object.entries({
    AllUsers: () => true,
    ActiveUsers: (user) => user.active,
    DeactiveUsers: (user) => !user.active,
    ConfirmedUsers: () => true,
    NotConfirmedUsers: () => false,
    DeletedUsers: () => false,
    ActiveConfirmedUsers: (user) => user.active,
    AdminUsers: (user) => user.admin,
    ActiveConfirmedAdmins: (user) => user.admin && user.active,
    CurrentUser: (user, backend) => user.id === backend.store.actor().id,
  }),
);

function list(request: ApiRequest, backend: Backend): ApiReply {
  const filter = filters.get(request.query.get("type") ?? "AllUsers");
  if (!filter) throw patternNotMatched("type");
  const page = numberedPage(
    backend.store.users().filter((user) => filter(user, backend)),
    request.query,
  );
  if (page.rows.length === 0) return noContent;
  const info = {
    per_page: page.perPage,
    count: page.rows.length,
    page: page.page,
    more_records: page.more,
  };
  return ok({ users: page.rows.map((user) => userBody(user, backend)), info });
}

const largestId = 9_223_372_036_854_775_807n;

function get(request: ApiRequest, backend: Backend): ApiReply {
  const id = request.params["id"] ?? "";
  if (!/^\d+$/.test(id)) throw unknownPath();
  // Recorded: an id that overflows 64 bits returns the current user.
  const wanted = BigInt(id) > largestId ? backend.store.actor().id : id;
  const user = backend.store.users().find((entry) => entry.id === wanted);
  return user ? ok({ users: [userBody(user, backend)] }) : noContent;
}

const theme = {
  normal_tab: { font_color: "#FFFFFF", background: "#222222" },
  selected_tab: { font_color: "#FFFFFF", background: "#222222" },
  new_background: null,
  background: "#F3F0EB",
  screen: "fixed",
  type: "default",
};

const customizeInfo = {
  notes_desc: null,
  show_right_panel: null,
  bc_view: null,
  show_home: false,
  show_detail_view: true,
  show_left_panel: true,
  unpin_recent_item: null,
};

const unset = {
  Preferred_Currency__s: null,
  $shift_effective_from: null,
  fax: null,
  zip: null,
  phone: null,
  dob: null,
  city: null,
  signature: null,
  street: null,
  $current_shift: null,
  alias: null,
  status_reason__s: null,
  website: null,
  $next_shift: null,
  mobile: null,
};

/** A user in the recorded shape, in Zoho's own mix of cases. */
function userBody(user: User, backend: Backend): Json {
  const created = stamp(backend.store.now() - 600 * 86_400_000);
  const { name, id } = backend.store.actor();
  return {
    id: user.id,
    first_name: user.first_name,
    last_name: user.last_name,
    full_name: `${user.first_name} ${user.last_name}`,
    email: user.email,
    zuid: String(900_000_000 + Number(user.id.slice(-6))),
    role: roleOf(user),
    profile: profileOf(user),
    status: user.active ? "active" : "disabled",
    confirm: true,
    category: "regular_user",
    country: "UNITED STATES",
    state: "MASSACHUSETTS",
    language: "en_US",
    locale: "en_US",
    country_locale: "en_US",
    time_zone: zone,
    offset: zoneOffsetMs(backend.store.now()),
    time_format: "hh:mm a",
    date_format: "MM/dd/yyyy",
    decimal_separator: "Period",
    number_separator: "Comma",
    created_time: created,
    created_by: { name, id },
    Modified_Time: created,
    Modified_By: { name, id },
    customize_info: customizeInfo,
    theme,
    sort_order_preference: "First Name,Last Name",
    name_format: "Salutation,First Name,Last Name",
    microsoft: false,
    sandboxDeveloper: false,
    personal_account: user.admin,
    Isonline: false,
    default_tab_group: "0",
    // Last on purpose: V8 builds an object that starts with these a hundred times slower.
    ...unset,
  };
}

export const userRoutes: Route[] = [
  { verb: "GET", path: "/users", scopes, handle: list },
  { verb: "GET", path: "/users/:id", scopes, handle: get },
];
