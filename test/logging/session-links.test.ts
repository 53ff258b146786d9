import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createAuditLog } from "../../src/logging/audit-log.ts";
import { createLog } from "../../src/logging/log.ts";
import { sessionLinks } from "../../src/logging/redact.ts";
import { connect } from "../support/connect.ts";
import { newFile } from "../support/files.ts";
import { expectNoLeak, leaks, spellings } from "../support/secrets.ts";
import { type Reply, record, status } from "../support/writes.ts";

const token = "Zq7Xk2Lm9Wv4Rt8Pb3Nc6Hs1Jd5Gf0Ye";
const link = `https://connect.maton.ai/?session_token=${token}`;

test.each(Object.entries(spellings))("%s: a link is recognised by its form", (_, spell) => {
  for (const before of ["", "a", "ab", "abc"]) {
    const text = `Open ${spell(`${before}${link}`)} now`;
    expect(leaks(text, token)).not.toEqual([]);
    expectNoLeak([sessionLinks.text(text)], token);
    expect(sessionLinks.text(text)).toMatch(/^Open \S+ now$/);
  }
});

test("the parts of a link that are not secret stay, and so do texts about tokens", () => {
  expect(sessionLinks.text(`Open ${link}&app=bigin now`)).toBe(
    "Open https://connect.maton.ai/?session_token=[key]&app=bigin now",
  );
  expect(sessionLinks.text(`{"session_token": "${token}"}`)).toBe('{"session_token": "[key]"}');
  for (const text of ["no session_token given", "session token: see c2Vzc2lvbg==", "73657373 100%"])
    expect(sessionLinks.text(text)).toBe(text);
});

test("the link of a PENDING connection is in its own url and nowhere else", async () => {
  const logged: string[] = [];
  const file = newFile();
  let said = "";
  const { call, client, sandbox } = await connect({
    log: createLog("debug", sessionLinks, { write: (line) => void logged.push(line) }),
    audit: createAuditLog(file),
    activateOnLook: false,
    alter: (path, body) => {
      if (/\/connections/.test(path)) return withMetadata(body, said);
      if (!Array.isArray(body["data"]) || said === "") return body;
      const data = (body["data"] as Reply[]).map((one) =>
        "Last_Name" in one ? { ...one, Last_Name: said, Description: said } : one,
      );
      return { ...body, data };
    },
  });
  const made = await call("bigin_create_connection");
  const url = String(made["url"]);
  const secret = new URL(url).searchParams.get("session_token") ?? "";
  expect(secret.length).toBeGreaterThan(15);
  const { id } = record(sandbox, "Contacts");
  const shown: string[] = [];
  const see = async (name: string, args: Reply = {}) => {
    const { content, structuredContent } = await client.callTool({ name, arguments: args });
    const text = JSON.stringify([content, structuredContent]);
    // The url is in the text block, escaped, and in the structured content.
    shown.push(text.replaceAll(url, "").replaceAll(JSON.stringify(url).slice(1, -1), ""));
    return structuredContent as Reply;
  };
  for (const spell of Object.values(spellings)) {
    said = `${spell(url)} and ${spell(secret)}`;
    const body = {
      code: "INVALID_DATA",
      message: said,
      details: { api_name: said },
      status: "error",
    };
    sandbox.addFault({ path: /\/Contacts$/, does: status(400, body) });
    const reads = { module: "Contacts", fields: ["Last_Name", "Description"], per_page: 2 };
    await see("bigin_list_records", reads);
    await see("bigin_list_records", reads);
    await see("bigin_get_record", { module: "Contacts", id });
    await see("bigin_list_connections");
    const records = [{ Last_Name: spell(secret).slice(0, 80), Description: said }];
    await see("bigin_create_records", { module: "Contacts", records });
    await see(`bigin_${spell(secret)}`).catch((error: Error) => shown.push(error.message));
  }
  const pending = await see("bigin_get_connection", { connection_id: made["connection_id"] });
  expect(pending["url"]).toBe(url);
  expectNoLeak([...shown, ...logged, readFileSync(file, "utf8")], secret);
  expect(readFileSync(file, "utf8")).toContain("[key]");
});

/** Adds what Maton might say of a connection. */
function withMetadata(body: Reply, said: string): Reply {
  const metadata = said === "" ? {} : { url: said, note: said, [said]: 1 };
  const added = (one: Reply) => ({ ...one, metadata });
  const { connections, connection } = body;
  if (Array.isArray(connections)) return { connections: (connections as Reply[]).map(added) };
  return connection ? { ...body, connection: added(connection as Reply) } : added(body);
}
