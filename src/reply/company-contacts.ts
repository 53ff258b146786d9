import { type CompanyContacts, contactName } from "../bigin/write/company-contacts.ts";
import type { WritePlan } from "../bigin/write/plan.ts";

const contactsNamed = 5;

/** True if deleting a company also deletes contacts, or may do so. */
export function takesContacts({ count, complete }: CompanyContacts): boolean {
  return count > 0 || !complete;
}

/** How many contacts a delete takes along, as a reply shows it. */
export function contactsCounted({ count, complete }: CompanyContacts): number | string {
  if (complete) return count;
  return count > 0 ? `at least ${count}` : "not known";
}

/** What a confirmation of such a delete is bound to: the contacts as the user saw them. */
export function contactVersions({ contacts }: CompanyContacts): unknown[] {
  const versions = contacts.map((contact) => [contact.id, contact["Modified_Time"]]);
  return versions.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

/**
 * What a delete of companies takes along, in sentences that follow the names of the companies. Bigin deletes the linked
 * contacts without a word (docs/compatibility.md).
 */
export function contactsTaken(plan: WritePlan, nameShown: (name: string) => string): string[] {
  const all = [...(plan.along?.values() ?? [])];
  if (!all.some(takesContacts)) return [];
  const contacts = all.flatMap((one) => one.contacts);
  const names = contacts.slice(0, contactsNamed).map((one) => nameShown(contactName(one)));
  const count = all.reduce((sum, one) => sum + one.count, 0);
  const more = count > names.length ? ` and ${count - names.length} more` : "";
  const isWhole = all.every(({ complete }) => complete);
  const readable = count === 0 ? "They" : `${count} of them could be read. The others`;
  return [
    isWhole
      ? `Bigin also deletes ${counted(count, "contact")} of ${plan.rows.length > 1 ? "these companies" : "this company"}: ${names.join(", ")}${more}.`
      : `Bigin also deletes the linked contacts. ${readable} could not be read, and cannot be created again.`,
    "Their notes, attachments and activities cannot be restored.",
    ...dealsLeft(all.map(({ deals }) => deals)),
  ];
}

function dealsLeft(counts: readonly (number | undefined)[]): string[] {
  const known = counts.filter((count) => count !== undefined);
  if (known.length < counts.length) return ["How many deals are linked could not be read."];
  const count = known.reduce((sum, one) => sum + one, 0);
  return count === 0 ? [] : [`${counted(count, "deal")} would be left without a company.`];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
