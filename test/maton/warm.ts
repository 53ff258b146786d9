import type { Fault } from "../../src/sandbox/app.ts";
import { connect } from "../support/connect.ts";
import { keptOutcomes } from "../support/outcomes.ts";
import { simulateTime, soon } from "../support/simulated-time.ts";

export const list = { module: "Contacts", per_page: 1 };
export const row = { module: "Contacts", records: [{ Last_Name: "Once" }] };
export const zoho = (code: string, details: object = {}) => ({
  code,
  details,
  message: "zoho's words",
  status: "error",
});
export const onContacts = (does: Fault["does"], more: Partial<Fault> = {}): Fault => ({
  path: /\/Contacts$/,
  does,
  ...more,
});

/**
 * A client for which the connection and the organisation are known already. `requests` counts those for contacts. From
 * here on, time is simulated: calls end only within `soon` or `lasting`.
 */
export async function warm() {
  const { log, last } = keptOutcomes();
  const connected = await connect({ log });
  await connected.call("bigin_list_records", list);
  const before = connected.sent.length;
  simulateTime();
  return {
    ...connected,
    list: () => soon(connected.call("bigin_list_records", list)),
    async failToList() {
      const text = await soon(connected.fail("bigin_list_records", list));
      return { text, outcome: await last() };
    },
    last,
    requests: () =>
      connected.sent.slice(before).filter(({ url }) => url.pathname.endsWith("/Contacts")).length,
    store: () => connected.sandbox.store.records("Contacts"),
  };
}
