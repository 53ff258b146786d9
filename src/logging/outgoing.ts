import type { Tool } from "../tool/define.ts";
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
  tool: Tool,
  { redact, redactKeys }: Redactors,
): Reply & { content: [{ type: "text"; text: string }] } {
  const text = JSON.stringify(reply);
  if (redact.text(text) === text)
    return { content: [{ type: "text", text }], structuredContent: reply };
  // The link of a PENDING connection is what its reply is for.
  const others = { url: redactKeys, metadata: redact };
  const shown = redact.value(reply, tool.toolset === "connections" ? others : {});
  return {
    content: [{ type: "text", text: JSON.stringify(shown) }],
    structuredContent: shown,
  };
}
