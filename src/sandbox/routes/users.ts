import { patternNotMatched, unknownPath } from "../errors.ts";
import { numberedPage } from "../paging.ts";
import { type Call, nothing, ok, type Reply, type Route, type World } from "../routing.ts";
import type { Json } from "../schema.ts";
import { profileOf, roleOf } from "../seed/people.ts";
import type { User } from "../store.ts";
import { stamp, ZONE, zoneOffsetMs } from "../time.ts";

const scopes = () => ["users"];

type Filter = (user: User, world: World) => boolean;
const active: Filter = (user) => user.active;
const none: Filter = () => false;

const TYPES = new Map<string, Filter>(
  Object.entries({
    AllUsers: () => true,
    ActiveUsers: active,
    DeactiveUsers: (user) => !user.active,
    ConfirmedUsers: () => true,
    NotConfirmedUsers: none,
    DeletedUsers: none,
    ActiveConfirmedUsers: active,
    AdminUsers: (user) => user.admin,
    ActiveConfirmedAdmins: (user) => user.admin && user.active,
    CurrentUser: (user, world) => user.id === world.store.actor().id,
  }),
);

function list(call: Call, world: World): Reply {
  const filter = TYPES.get(call.query.get("type") ?? "AllUsers");
  if (!filter) throw patternNotMatched("type");
  const page = numberedPage(
    world.store.users().filter((user) => filter(user, world)),
    call.query,
  );
  if (page.rows.length === 0) return nothing;
  const info = {
    per_page: page.perPage,
    count: page.rows.length,
    page: page.page,
    more_records: page.more,
  };
  return ok({ users: page.rows.map((user) => show(user, world)), info });
}

const LARGEST_ID = 9_223_372_036_854_775_807n;

function get(call: Call, world: World): Reply {
  const id = call.params["id"] ?? "";
  if (!/^\d+$/.test(id)) throw unknownPath();
  // Bigin answers an id that overflows its 64 bits with the current user (get-user.ts of the recordings).
  const wanted = BigInt(id) > LARGEST_ID ? world.store.actor().id : id;
  const user = world.store.users().find((entry) => entry.id === wanted);
  return user ? ok({ users: [show(user, world)] }) : nothing;
}

const THEME = {
  normal_tab: { font_color: "#FFFFFF", background: "#222222" },
  selected_tab: { font_color: "#FFFFFF", background: "#222222" },
  new_background: null,
  background: "#F3F0EB",
  screen: "fixed",
  type: "default",
};
const CUSTOMIZE = {
  notes_desc: null,
  show_right_panel: null,
  bc_view: null,
  show_home: false,
  show_detail_view: true,
  show_left_panel: true,
  unpin_recent_item: null,
};
const UNSET =
  "Preferred_Currency__s $shift_effective_from fax zip phone dob city signature street " +
  "$current_shift alias status_reason__s website $next_shift mobile";

/** A user in the recorded shape, odd capitals included. */
function show(user: User, world: World): Json {
  const created = stamp(world.store.now() - 600 * 86_400_000);
  const { name, id } = world.store.actor();
  return {
    ...Object.fromEntries(UNSET.split(" ").map((key) => [key, null])),
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
    time_zone: ZONE,
    offset: zoneOffsetMs(world.store.now()),
    time_format: "hh:mm a",
    date_format: "MM/dd/yyyy",
    decimal_separator: "Period",
    number_separator: "Comma",
    created_time: created,
    created_by: { name, id },
    Modified_Time: created,
    Modified_By: { name, id },
    customize_info: CUSTOMIZE,
    theme: THEME,
    sort_order_preference: "First Name,Last Name",
    name_format: "Salutation,First Name,Last Name",
    microsoft: false,
    sandboxDeveloper: false,
    personal_account: user.admin,
    Isonline: false,
    default_tab_group: "0",
  };
}

export const userRoutes: Route[] = [
  { verb: "GET", path: "/users", scopes, handle: list },
  { verb: "GET", path: "/users/:id", scopes, handle: get },
];
