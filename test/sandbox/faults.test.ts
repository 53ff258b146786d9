import { expect, test } from "vitest";
import { bench, fault, GATEWAY } from "./harness.ts";

const LIST = "/Contacts?fields=id";
const headers = { authorization: "Bearer sandbox" };

test("a scripted answer strikes as often as it says, after those it lets through", async () => {
  const b = bench({
    faults: [
      fault(
        {
          kind: "status",
          status: 429,
          body: { code: "TOO_MANY_REQUESTS" },
          headers: { "retry-after": "1" },
        },
        { method: "GET", path: /Contacts/, skip: 1, times: 2 },
      ),
    ],
  });
  const seen = [];
  for (let n = 0; n < 4; n += 1) seen.push((await b.call("GET", LIST)).status);
  expect(seen).toEqual([200, 429, 429, 200]);
  b.sandbox.addFault(fault({ kind: "status", status: 502, body: "<html>Bad gateway</html>" }));
  const page = await b.call("GET", LIST);
  expect([page.status, page.body]).toEqual([502, "<html>Bad gateway</html>"]);
});

test("a lost answer was carried out, a dropped write was not", async () => {
  const b = bench();
  const size = () => b.sandbox.store.records("Contacts").size;
  const before = size();
  const create = () => b.call("POST", "/Contacts", { data: [{ Last_Name: "A" }] });
  b.sandbox.addFault(fault({ kind: "lost" }));
  await expect(create()).rejects.toThrow(new TypeError("fetch failed"));
  expect(size()).toBe(before + 1);
  b.sandbox.addFault(fault({ kind: "drop" }));
  expect((await create()).status).toBe(201);
  expect(size()).toBe(before + 1);
  b.sandbox.addFault(fault({ kind: "reset" }));
  await expect(create()).rejects.toThrow("fetch failed");
  expect(size()).toBe(before + 1);
});

test("a truncated body ends early", async () => {
  const b = bench();
  b.sandbox.addFault(fault({ kind: "truncate" }));
  const { status, body } = await b.call("GET", LIST);
  expect([status, typeof body]).toEqual([200, "string"]);
});

test("hang and stall end with the caller's patience", async () => {
  const b = bench();
  b.sandbox.addFault(fault({ kind: "hang" }));
  // Held by its timer: on Node 20 one of AbortSignal.timeout may be collected before it fires.
  const signal = () => {
    const patience = new AbortController();
    setTimeout(() => patience.abort(new Error("timeout")), 30);
    return patience.signal;
  };
  await expect(b.sandbox.fetch(GATEWAY + LIST, { headers, signal: signal() })).rejects.toThrow(
    /timeout/,
  );
  b.sandbox.addFault(fault({ kind: "stall" }));
  const response = await b.sandbox.fetch(GATEWAY + LIST, { headers, signal: signal() });
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow(/timeout/);
  expect(b.sandbox.requests.map((entry) => entry.status)).toEqual([undefined, 200]);
});
