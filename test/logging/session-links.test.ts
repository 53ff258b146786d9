import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createAudit } from "../../src/logging/audit-log.ts";
import { createLog } from "../../src/logging/log.ts";
import { links } from "../../src/logging/redact.ts";
import { connect } from "../support/connect.ts";
import { leaks, spellings } from "../support/spelled.ts";
import { type Reply, record } from "../support/writes.ts";

const token = "Zq7Xk2Lm9Wv4Rt8Pb3Nc6Hs1Jd5Gf0Ye";
const linkTo = (value: string) => `https://connect.maton.ai/?session_token=${value}`;

/** Those that leave a link one that can be read back from the text alone, whoever has not seen it before. */
const readable = Object.entries(spellings).filter(
  ([name]) =>
    !/cut|middle|reversed|case|spaced|zero|break|lines|codes|UTF-16|colons|hex escapes/.test(name),
);

test.each(readable)("a link that was never seen is known by its form: %s", (_, spell) => {
  for (const around of ["", "a", "ab", "abc"]) {
    const text = `Open ${spell(`${around}${linkTo(token)}`)} now`;
    const told = links.text(text);
    expect(leaks(text, token)).not.toEqual([]);
    expect([told, leaks(told, token)]).toEqual([told, []]);
    expect(told).toMatch(/^Open .* now$/s);
  }
});

test("texts that only speak of tokens stay", () => {
  for (const text of ["no session_token given", "session token: see c2Vzc2lvbg==", "73657373 100%"])
    expect(links.text(text)).toBe(text);
});

test("the link of a PENDING connection comes out as its own url and nowhere else, in no spelling", async () => {
  const logged: string[] = [];
  const file = join(mkdtempSync(join(tmpdir(), "bigin-links-")), "audit.log");
  const spelled: string[] = [];
  const all = () => spelled.join(" and ");
  const { call, client, sandbox } = await connect({
    log: createLog("debug", links, { write: (line) => void logged.push(line) }),
    audit: createAudit(file),
    activateOnLook: false,
    alter: (path, body) => {
      if (/\/connections/.test(path)) return withMetadata(body, all());
      if (!Array.isArray(body["data"]) || spelled.length === 0) return body;
      const data = (body["data"] as Reply[]).map((one, at) =>
        "Last_Name" in one
          ? { ...one, Last_Name: spelled[at % spelled.length], Description: all() }
          : one,
      );
      return { ...body, data };
    },
  });
  const made = await call("bigin_create_connection");
  const url = String(made["url"]);
  const secret = new URL(url).searchParams.get("session_token") ?? "";
  expect(secret.length).toBeGreaterThan(15);
  const { id } = record(sandbox, "Contacts");
  const told: [string, string][] = [];
  const see = async (name: string, args: Reply = {}) => {
    const { content, structuredContent } = await client.callTool({ name, arguments: args });
    const shown = JSON.stringify([content, structuredContent]);
    // Twice: as text, and as it is.
    told.push([name, shown.replaceAll(url, "").replaceAll(JSON.stringify(url).slice(1, -1), "")]);
    return structuredContent as Reply;
  };
  for (const [name, spell] of Object.entries(spellings)) {
    spelled.splice(0, spelled.length, spell(url), spell(secret));
    sandbox.addFault({
      path: /\/Contacts$/,
      does: {
        ...{ kind: "status", status: 400 },
        body: {
          code: "INVALID_DATA",
          message: spell(secret),
          details: { api_name: spell(url) },
          status: "error",
        },
      },
    });
    const before = told.length;
    const reads = { module: "Contacts", fields: ["Last_Name", "Description"], per_page: 2 };
    await see("bigin_list_records", reads);
    await see("bigin_list_records", reads);
    await see("bigin_get_record", { module: "Contacts", id });
    await see("bigin_list_connections");
    const records = [{ Last_Name: spell(secret).slice(0, 70), Description: all() }];
    await see("bigin_create_records", { module: "Contacts", records });
    await see(`bigin_${spell(secret).slice(0, 60)}`.replaceAll("\0", "")).catch((error: Error) =>
      told.push(["error", error.message]),
    );
    for (const [asked, text] of told.slice(before))
      expect([name, asked, text.slice(0, 1500), leaks(text, secret)]).toEqual([
        name,
        asked,
        text.slice(0, 1500),
        [],
      ]);
  }
  // The link is what this reply is for.
  const pending = await see("bigin_get_connection", { connection_id: made["connection_id"] });
  expect(pending["url"]).toBe(url);
  for (const text of [...logged, readFileSync(file, "utf8")])
    for (const line of text.split("\n"))
      expect([line.slice(0, 1500), leaks(line, secret)]).toEqual([line.slice(0, 1500), []]);
  expect(readFileSync(file, "utf8")).toContain("[key]");
});

test("a write of megabytes with links and escapes has all of its other text in the audit log", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "bigin-links-")), "audit.log");
  const { call } = await connect({ audit: createAudit(file) });
  const texts = (value: string) => ["%41", "%2541", ""].map((end) => `${linkTo(value)} ${end}`);
  const around = "a %41 ".repeat(2500);
  const records = texts(token).flatMap((text, at) =>
    Array.from({ length: 30 }, (_, row) => ({
      Last_Name: `Row ${at} ${row}`,
      Description: `${around}${text}${around}`,
    })),
  );
  await call("bigin_create_records", { module: "Contacts", records });
  const line = readFileSync(file, "utf8");
  const kept = texts("[key]").map((text) => line.split(`${around}${text}${around}`).length - 1);
  // As it was asked for, and as it is now.
  expect([kept, line.includes(token)]).toEqual([[60, 60, 60], false]);
});

/** What Maton says besides of each connection. */
function withMetadata(body: Reply, said: string): Reply {
  const more = { url: said, note: said, [said]: 1 };
  const told = (one: Reply) => ({ ...one, metadata: said === "" ? {} : more });
  const { connections, connection } = body;
  if (Array.isArray(connections)) return { connections: (connections as Reply[]).map(told) };
  return connection ? { ...body, connection: told(connection as Reply) } : told(body);
}
