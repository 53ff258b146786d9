import type { Account } from "../account/account.ts";

type Redactors = Pick<Account, "redact" | "redactKeys">;

/** The result of `tools/call`. */
export type Reply = {
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
};

/**
 * The reply for the agent, without secrets: Bigin may echo the key, or an agent may have written it to a record. The
 * property `linkProperty`, also of items of a list, keeps a session link, which the reply exists to show.
 */
export function withoutSecrets(
  reply: Record<string, unknown>,
  linkProperty: string | undefined,
  redactors: Redactors,
): Reply & { content: [{ type: "text"; text: string }] } {
  const text = JSON.stringify(reply);
  if (redactors.redact.text(text) === text)
    return { content: [{ type: "text", text }], structuredContent: reply };
  const structuredContent = redacted(reply, linkProperty, redactors);
  return {
    content: [{ type: "text", text: JSON.stringify(structuredContent) }],
    structuredContent,
  };
}

function redacted(
  reply: object,
  linkProperty: string | undefined,
  { redact, redactKeys }: Redactors,
): Record<string, unknown> {
  const item = (one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? redacted(one, linkProperty, { redact, redactKeys })
      : redact.value(one);
  const entries = Object.entries(reply).map(([name, value]: [string, unknown]) => {
    if (name === linkProperty) return [name, redactKeys.value(value)];
    return [redact.text(name), Array.isArray(value) ? value.map(item) : redact.value(value)];
  });
  return Object.fromEntries(entries);
}
