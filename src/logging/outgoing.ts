import type { Audit } from "./audit-log.ts";
import { links, type Redactor } from "./redact.ts";

/** What takes an account's secrets out; `redactKeys` leaves links. */
interface Redactors {
  redact: Redactor;
  redactKeys: Redactor;
}

/** What a call answers. */
export type Reply = {
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
};

/** Neither the key nor the link to a session reaches the log, not even as a value that was written into a record. */
export function auditOf(audit: Audit | undefined, { redact }: Redactors): Audit | undefined {
  return (
    audit && {
      ready: () => audit.ready(),
      append: (entry) =>
        audit.append(redact.value(JSON.parse(JSON.stringify(entry)) as typeof entry)),
    }
  );
}

/** Without an account, because there is no key or none that can be read, the program's own secrets are left. */
export function redactorFor(
  account: Promise<Redactors>,
  redact: Redactor = links,
): Promise<Redactor> {
  return account.then(
    (opened) => opened.redact,
    () => redact,
  );
}

/** The reply as the agent gets it. Upstream may say the key back, and an agent may have been told to write it into a record. */
export function withoutSecrets(
  reply: Record<string, unknown>,
  linkProperty: string | undefined,
  { redact, redactKeys }: Redactors,
): Reply & { content: [{ type: "text"; text: string }] } {
  const text = JSON.stringify(reply);
  if (redact.text(text) === text)
    return { content: [{ type: "text", text }], structuredContent: reply };
  const shown = keepingLinks(reply, linkProperty, { redact, redactKeys });
  return {
    content: [{ type: "text", text: JSON.stringify(shown) }],
    structuredContent: shown,
  };
}

/** Redacts a reply. Its `linkProperty`, and that of items of a list in it, keeps a link: the reply exists to show it. */
function keepingLinks(
  reply: Record<string, unknown>,
  linkProperty: string | undefined,
  { redact, redactKeys }: Redactors,
): Record<string, unknown> {
  const entries = Object.entries(reply).map(([name, value]) => {
    if (name === linkProperty) return [name, redactKeys.value(value)];
    return [redact.text(name), Array.isArray(value) ? value.map(item) : redact.value(value)];
  });
  return Object.fromEntries(entries);

  function item(one: unknown): unknown {
    return typeof one === "object" && one !== null && !Array.isArray(one)
      ? keepingLinks({ ...one }, linkProperty, { redact, redactKeys })
      : redact.value(one);
  }
}
