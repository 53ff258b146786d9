import { expect, onTestFinished, test, vi } from "vitest";
import { connect } from "../support/connect.ts";

const list = { module: "Contacts", per_page: 1, fields: ["Full_Name"] };

test("a connection that failed five times in a row is left alone, then tried again", async () => {
  const connected = await connect();
  const { call, fail, sandbox, sent } = connected;
  await call("bigin_list_records", list);
  sandbox.addFault({
    method: "POST",
    path: /\/Contacts$/,
    times: 5,
    does: { kind: "status", status: 503, body: "busy" },
  });
  const create = (at: number) => ({ module: "Contacts", records: [{ Last_Name: `No ${at}` }] });
  for (const at of [1, 2, 3, 4, 5]) await fail("bigin_create_records", create(at));
  const before = sent.length;
  const told = await fail("bigin_create_records", create(6));
  expect(told).toContain("left alone for a moment. Nothing was sent.");
  expect(told).toContain("retry_after_s: 10");
  expect(sent.length).toBe(before);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11_000 });
  onTestFinished(() => void vi.useRealTimers());
  expect(await call("bigin_create_records", create(7))).toMatchObject({ done: 1 });
});
