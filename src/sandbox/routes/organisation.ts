import { type ApiReply, type ApiRequest, type Backend, ok, type Route } from "../routing.ts";
import { organisationId, profiles, roles } from "../seed/people.ts";
import { stamp, zone } from "../time.ts";

const unset = {
  country: null,
  photo_id: null,
  city: null,
  description: null,
  street: null,
  alias: null,
  state: null,
  fax: null,
  employee_count: null,
  zip: null,
  website: null,
  mobile: null,
  zia_portal_id: null,
};

function org(_request: ApiRequest, backend: Backend): ApiReply {
  const { store } = backend;
  return ok({
    org: [
      {
        id: organisationId,
        company_name: "Harbor Light",
        domain_name: "org900000001",
        zgid: "900000001",
        primary_zuid: "900627001",
        primary_email: store.actor().email,
        phone: "+16175550100",
        currency: "US Dollar - USD",
        currency_symbol: "$",
        currency_locale: "USD",
        iso_code: "USD",
        time_zone: zone,
        country_code: "US",
        hierarchy_preferences: { type: "Role_Hierarchy" },
        license_details: {
          paid: false,
          paid_type: "free",
          paid_expiry: null,
          trial_type: "biginpremier",
          trial_expiry: stamp(store.now() + 15 * 86_400_000),
          users_license_purchased: 20,
          portal_users_license_purchased: 0,
        },
        mc_status: false,
        gapps_enabled: false,
        lite_users_enabled: false,
        translation_enabled: false,
        privacy_settings: false,
        hipaa_compliance_enabled: false,
        deletable_org_account: true,
        ...unset,
      },
    ],
  });
}

function listRoles(): ApiReply {
  return ok({
    roles: roles.map((role, level) => ({
      id: role.id,
      name: role.name,
      display_label: role.name,
      reporting_to: level === 0 ? null : roles[level - 1],
      share_with_peers: level === 0,
      description: null,
      admin_user: level === 0,
    })),
  });
}

function listProfiles(_request: ApiRequest, backend: Backend): ApiReply {
  return ok({
    profiles: profiles.map((profile) => ({
      id: profile.id,
      name: profile.name,
      display_label: profile.name,
      description: `This profile is the ${profile.name} profile.`,
      category: false,
      created_time: null,
      modified_time: null,
      created_by: null,
      modified_by: null,
      default: profile.name === "Standard",
      custom: false,
      type: "normal_profile",
      user_count: backend.store
        .users()
        .filter((user) => user.admin === (profile.name === "Administrator")).length,
    })),
  });
}

export const organisationRoutes: Route[] = [
  { verb: "GET", path: "/org", scopes: () => ["org"], handle: org },
  { verb: "GET", path: "/settings/roles", scopes: () => ["settings.roles"], handle: listRoles },
  {
    verb: "GET",
    path: "/settings/profiles",
    scopes: () => ["settings.profiles"],
    handle: listProfiles,
  },
];
