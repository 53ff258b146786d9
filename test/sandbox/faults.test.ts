import { expect, test } from "vitest";
import { createSandboxClient, fault, gateway } from "../support/sandbox-client.ts";

const contacts = "/Contacts?fields=id";
const headers = { authorization: "Bearer sandbox" };

test("a scripted response affects the given number of requests, after those it lets through", async () => {
  const tooMany = { kind: "status", status: 429, body: { code: "TOO_MANY_REQUESTS" } } as const;
  const { sandbox, send } = createSandboxClient({
    faults: [fault(tooMany, { method: "GET", path: /Contacts/, skip: 1, times: 2 })],
  });
  const statuses = [];
  for (let n = 0; n < 4; n += 1) statuses.push((await send("GET", contacts)).status);
  expect(statuses).toEqual([200, 429, 429, 200]);
  sandbox.addFault(fault({ kind: "status", status: 502, body: "<html>Bad gateway</html>" }));
  const page = await send("GET", contacts);
  expect([page.status, page.text]).toEqual([502, "<html>Bad gateway</html>"]);
});

test("scripted headers arrive", async () => {
  const { send } = createSandboxClient({
    faults: [fault({ kind: "status", status: 429, headers: { "retry-after": "7" } })],
  });
  expect((await send("GET", contacts)).headers.get("retry-after")).toBe("7");
});

test("a write is carried out under lost, and not under drop or reset", async () => {
  const { sandbox, insert } = createSandboxClient();
  const size = () => sandbox.store.records("Contacts").size;
  const before = size();
  const create = () => insert("Contacts", { Last_Name: "A" });
  sandbox.addFault(fault({ kind: "lost" }));
  await expect(create()).rejects.toThrow(new TypeError("fetch failed"));
  expect(size()).toBe(before + 1);
  sandbox.addFault(fault({ kind: "drop" }));
  expect((await create()).status).toBe(201);
  expect(size()).toBe(before + 1);
  sandbox.addFault(fault({ kind: "reset" }));
  await expect(create()).rejects.toThrow(new TypeError("fetch failed"));
  expect(size()).toBe(before + 1);
});

test("a truncated body ends early", async () => {
  const { sandbox, send } = createSandboxClient();
  const whole = await send("GET", contacts);
  sandbox.addFault(fault({ kind: "truncate" }));
  const { status, text } = await send("GET", contacts);
  expect(status).toBe(200);
  expect(text).toBe(whole.text.slice(0, Math.floor(whole.text.length / 2)));
});

test("hang and stall last until the caller gives up", async () => {
  const { sandbox } = createSandboxClient();
  const signal = () => {
    // A timer of our own: Node 20 may garbage-collect AbortSignal.timeout before it fires.
    const caller = new AbortController();
    setTimeout(() => caller.abort(new Error("gave up")), 30);
    return caller.signal;
  };
  const get = () => sandbox.fetch(gateway + contacts, { headers, signal: signal() });
  sandbox.addFault(fault({ kind: "hang" }));
  await expect(get()).rejects.toThrow("gave up");
  sandbox.addFault(fault({ kind: "stall" }));
  const response = await get();
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow("gave up");
  expect(sandbox.requests.map((entry) => entry.status)).toEqual([undefined, 200]);
});
