import { expect, onTestFinished, test, vi } from "vitest";
import { connect } from "../support/connect.ts";

const list = { module: "Contacts", per_page: 1, fields: ["Full_Name"] };
const lists = ({ sent }: Awaited<ReturnType<typeof connect>>) =>
  sent.filter(({ method, url }) => method === "GET" && url.pathname.endsWith("/Contacts")).length;

test("identical reads at the same time are one request, and a cancelled one takes none of the others along", async () => {
  const connected = await connect();
  const { call, client } = connected;
  await call("bigin_list_records", { ...list, page: 2 });
  const before = lists(connected);
  const abort = new AbortController();
  const cancelled = client
    .callTool({ name: "bigin_list_records", arguments: list }, { signal: abort.signal })
    .catch(() => "cancelled");
  const replies = Promise.all([1, 2, 3].map(() => call("bigin_list_records", list)));
  abort.abort();
  expect(await cancelled).toBe("cancelled");
  const [first, ...others] = await replies;
  for (const other of others) expect(other).toEqual(first);
  expect(lists(connected)).toBe(before + 1);
});

test("what is read after a write is never the answer to a read from before it", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const [id = ""] = [...sandbox.store.records("Contacts").keys()];
  for (const Title of ["first", "second", "third"]) {
    const [updated, read] = await Promise.all([
      call("bigin_update_records", { module: "Contacts", records: [{ id, Title }] }),
      call("bigin_get_record", { module: "Contacts", id, fields: ["Title"] }),
    ]);
    expect(JSON.stringify(updated)).not.toContain("altered");
    expect(read).toBeDefined();
  }
});

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
