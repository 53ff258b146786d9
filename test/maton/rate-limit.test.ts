import { setMaxListeners } from "node:events";
import { expect, test, vi } from "vitest";
import { connect } from "../support/connect.ts";
import { lasting, simulateTime, soon } from "../support/simulated-time.ts";

const list = { module: "Contacts", per_page: 1 };

test("no more than ten requests a second are sent for one Maton account", async () => {
  await (await connect()).call("bigin_list_records", list); // loads what takes real time
  simulateTime();
  const { call, sandbox, sent } = await connect({ limits: { perSecond: 10, atOnce: 10 } });
  await soon(call("bigin_list_records", list));
  const before = sent.length;
  const ids = [...sandbox.store.records("Contacts").keys()].slice(0, 24);
  const get = (id: string) => call.get("Contacts", id);
  await lasting(Promise.all(ids.map(get)), ids.length);
  const times = sent.slice(before).map(({ at }) => at);
  expect(times).toHaveLength(24);
  const gaps = times.slice(10).map((time, index) => time - (times[index] ?? Number.NaN));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(4_000);
});

test("once requests go well, ten of them are in progress over one connection, and no more", async () => {
  const { client, call, sandbox, sent } = await connect();
  await call("bigin_list_records", list);
  await Promise.all(Array.from({ length: 50 }, () => call("bigin_list_records", list)));
  const before = sent.length;
  sandbox.addFault({ path: /\/Contacts$/, times: 50, does: { kind: "hang" } });
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  const calls = Array.from({ length: 30 }, () =>
    client
      .callTool({ name: "bigin_list_records", arguments: list }, { signal: abort.signal })
      .catch(() => "cancelled"),
  );
  await vi.waitFor(() => expect(sent.length - before).toBe(10));
  await client.listTools();
  expect(sent.length - before).toBe(10);
  abort.abort();
  expect(new Set(await Promise.all(calls))).toEqual(new Set(["cancelled"]));
});
