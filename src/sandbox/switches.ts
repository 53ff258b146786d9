/**
 * Which form the sandbox has where the sources about Bigin are divided (docs/compatibility.md): that of Bigin's
 * documentation, or that of the CRM engine below it and of live clients.
 */
export type Contract = "documented" | "engine";

/** A path that the connection may not use, as the routes write it: "/org", "/:module/search", "/settings/fields". */
export interface Refusal {
  path: string;
  /** Any method if absent. */
  method?: string;
  status: 400 | 403 | 404;
  /** Of the body; by default the one that goes with the status. */
  code?: string;
}

/** Points on which the real service is not known: each has a form that the client must cope with. */
export interface Switches {
  contract: Contract;
  /** What lists do with the undocumented parameter `ids`. */
  ids: "honoured" | "ignored" | "refused";
  /** Refuses `sort_by` other than id, Created_Time and Modified_Time. */
  fewSorts: boolean;
  /** Refuses `per_page` next to `page_token`. */
  tokenAlone: boolean;
  /** Finds nothing by `Owner.id` and other ids of lookups in criteria, without an error. */
  noIdCriteria: boolean;
  /** Refuses field names with this beginning in `fields`. */
  refusedFields: string | undefined;
  refused: readonly Refusal[];
  /** Sprinkles nulls, values of a wrong type and missing keys over metadata, users and the organisation, by this seed. */
  noise: number | undefined;
  /** Requests served at the same time; 429 above. */
  atOnce: number;
  /** Records have a currency and an exchange rate. */
  currencies: boolean;
  /** Secondary contacts and product lines as `[{id}]` instead of `[{Product: {id}}]`. */
  flatLists: boolean;
  /** Layouts do not say which stages a sub-pipeline has. */
  noStageMaps: boolean;
  /** The form of Maton's own errors. */
  matonErrors: "object" | "error" | "message";
  /** Lists of connections ignore the filters `app` and `status`. */
  unfilteredConnections: boolean;
  /** Failed rows of a write have `details: null`; upserted rows have no `action`. */
  bareRows: boolean;
}

export const defaultSwitches: Switches = {
  contract: "documented",
  ids: "honoured",
  fewSorts: false,
  tokenAlone: false,
  noIdCriteria: false,
  refusedFields: undefined,
  refused: [],
  noise: undefined,
  atOnce: Number.POSITIVE_INFINITY,
  currencies: false,
  flatLists: false,
  noStageMaps: false,
  matonErrors: "object",
  unfilteredConnections: false,
  bareRows: false,
};
