import { expect, onTestFinished, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import { addresses, connectTo } from "../support/connect.ts";
import { keptOutcomes } from "../support/outcomes.ts";
import { simulateTime, soon } from "../support/simulated-time.ts";

// Responses of Maton that the sandbox never gives, from a fetch in its place.

type Scripted = { status?: number; body: unknown } | "silence";

/** The program on an upstream that gives the responses of each route in order, and repeats the last. */
async function scripted(script: Record<string, Scripted[]>) {
  const asked: string[] = [];
  const accounts = createAccounts({
    ...addresses,
    async fetch(input, init) {
      const { method, url } = new Request(input, init);
      const route = `${method} ${new URL(url).pathname}`;
      asked.push(route);
      const left = script[route] ?? [{ status: 404, body: { code: 404, message: "no" } }];
      const [response = "silence"] = left.length > 1 ? left.splice(0, 1) : left;
      if (response === "silence") return untilAborted(init?.signal);
      const { status = 200, body } = response;
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return new Response(text, { status, headers: { "content-type": "application/json" } });
    },
  });
  const { log, last } = keptOutcomes();
  const joined = await connectTo(async () => accounts.of("key"), { readOnly: false, log });
  onTestFinished(() => joined.client.close());
  return { ...joined, asked, last };
}

function untilAborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

const url = "https://connect.maton.ai/?session_token=t";
const pending = { connection_id: "c1", status: "PENDING", url };
const down = { status: 500, body: { code: 500, message: "boom" } };

test.each<[string, unknown, string]>([
  ["its id alone", { connection_id: "c1" }, "Do not create another"],
  ["its link", { connection: pending }, "open the url"],
])("a new connection known by %s is returned, read back or not", async (_, body, next) => {
  const { call, asked } = await scripted({
    "POST /connections": [{ body }],
    "GET /connections/c1": [down],
  });
  const created = await call("bigin_create_connection");
  expect(created).toMatchObject({ connection_id: "c1", status: "PENDING" });
  expect(created["next"]).toContain(next);
  expect(created["next"]).toContain("bigin_get_connection");
  expect(asked.filter((one) => one.startsWith("POST"))).toHaveLength(1);
});

test("nulls and an unreadable entry hide no connection", async () => {
  const nulls = { metadata: null, method: null, url: null, creation_time: null };
  const { call } = await scripted({
    "GET /connections": [
      { body: { connections: [{ id: 7 }, { connection_id: "c1", status: "ACTIVE", ...nulls }] } },
    ],
    "GET /connections/c1": [{ body: { ...pending, app: null } }],
  });
  expect(await call("bigin_list_connections")).toEqual({
    connections: [{ connection_id: "c1", status: "ACTIVE" }],
  });
  expect(await call("bigin_get_connection", { connection_id: "c1" })).toMatchObject(pending);
});

test.each<[string, Scripted, string, string]>([
  ["a bare 403", { status: 403, body: { message: "Forbidden" } }, "key_refused", "MATON_API_KEY"],
  ["a 401 as text", { status: 401, body: "Unauthorized" }, "key_refused", "MATON_API_KEY"],
  ["a 500", down, "unavailable", "HTTP 500"],
  ["a 500 as text", { status: 500, body: "oops" }, "unavailable", "HTTP 500"],
])(
  "%s from the control host blames neither grant nor arguments",
  async (_, response, kind, part) => {
    const { fail, last } = await scripted({ "GET /connections": [response] });
    expect(await fail("bigin_list_connections")).toContain(part);
    expect(await last()).toBe(`maton/${kind}`);
  },
);

test("an error of the gateway without Zoho's code is not Bigin's", async () => {
  const { fail, last } = await scripted({
    "GET /connections": [{ body: { connections: [{ connection_id: "c1", status: "ACTIVE" }] } }],
    "GET /zoho-bigin/bigin/v2/users": [
      { status: 501, body: { message: "Endpoint request timed out" } },
    ],
  });
  expect(await fail("bigin_list_users")).toContain("HTTP 501");
  expect(await last()).toBe("maton/unavailable");
});

test("a look that fails, or gets no response, does not end the wait", async () => {
  const { call, asked } = await scripted({
    "GET /connections": [{ body: { connections: [] } }],
    "GET /connections/c1": [{ body: { connection: pending } }, down, "silence"],
  });
  await call("bigin_list_connections"); // loads what takes real time
  asked.length = 0;
  simulateTime();
  const waiting = { connection_id: "c1", wait_seconds: 3 };
  expect(await soon(call("bigin_get_connection", waiting))).toMatchObject(pending);
  expect(asked).toHaveLength(3);
});

test("a first look that fails is an error", async () => {
  const { fail } = await scripted({ "GET /connections/c1": [down] });
  const waiting = { connection_id: "c1", wait_seconds: 3 };
  expect(await fail("bigin_get_connection", waiting)).toContain("HTTP 500");
});

test("a link to another host than Maton's is withheld, and the agent is not asked to open it", async () => {
  const { call } = await scripted({
    "GET /connections/c1": [{ body: { ...pending, url: "https://evil.example/" } }],
  });
  const reply = await call("bigin_get_connection", { connection_id: "c1" });
  expect(reply).not.toHaveProperty("url");
  expect(reply["next"]).toContain("not shown");
  expect(reply["next"]).not.toContain("open the url");
});

test("an error without Maton's form is known by its status: no such id, or a delete in doubt", async () => {
  const { fail, last } = await scripted({
    "GET /connections/c1": [
      { body: { connection_id: "c1", status: "ACTIVE" } },
      { status: 404, body: {} },
    ],
    "DELETE /connections/c1": [{ status: 504, body: { message: "timed out" } }],
  });
  const args = { connection_id: "c1" };
  const doubtful = await fail("bigin_delete_connection", args);
  expect(doubtful).toContain("may have been carried out");
  expect(doubtful).not.toContain("Try again");
  expect(await fail("bigin_get_connection", args)).toContain("c1");
  expect(await last()).toBe("caller/unknown_connection");
});
