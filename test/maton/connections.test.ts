import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import { connectTo } from "../support/connect.ts";

// A server in Maton's place, for answers the sandbox never gives. Each answer is used once, the last one for good.

type Answer = { status?: number; body: unknown } | "silence";
type Script = Record<string, Answer[]>;

async function scripted(script: Script) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = `${request.method} ${request.url?.replace(/\?.*/, "")}`;
    asked.push(path);
    const answers = script[path] ?? [{ status: 404, body: { code: 404, message: "no" } }];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer !== undefined && answer !== "silence") reply(response, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const accounts = createAccounts({ gatewayUrl: url, controlUrl: url, userAgent: "test" });
  const joined = await connectTo(async () => accounts.of("key"));
  onTestFinished(() => joined.client.close());
  return { ...joined, asked };
}

function reply(response: ServerResponse, { status = 200, body }: Exclude<Answer, "silence">): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

const url = "https://connect.maton.ai/?session_token=t";
const pending = { connection_id: "c1", status: "PENDING", url };
const down = { status: 500, body: { code: 500, message: "boom" } };

test.each<[string, unknown, string]>([
  ["with its id alone", { connection_id: "c1" }, "Do not create another"],
  ["with its link", { connection: pending }, "open the url"],
])("a connection made %s is answered although it cannot be read back", async (_, body, next) => {
  const { call, asked } = await scripted({
    "POST /connections": [{ body }],
    "GET /connections/c1": [down],
  });
  const made = await call("bigin_create_connection");
  expect(made).toMatchObject({ connection_id: "c1", status: "PENDING" });
  expect(made["next"]).toContain(next);
  expect(made["next"]).toContain("bigin_get_connection");
  expect(asked.filter((one) => one.startsWith("POST"))).toHaveLength(1);
});

test("nulls and an entry that cannot be read hide no connection", async () => {
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

test.each<[string, Answer, RegExp]>([
  ["a bare 403", { status: 403, body: { message: "Forbidden" } }, /API key.*MATON_API_KEY/],
  ["a 401 in words", { status: 401, body: "Unauthorized" }, /API key.*MATON_API_KEY/],
  ["a 500", down, /^Maton \(the gateway\) failed: .*HTTP 500.*Try again/],
  ["a 500 in words", { status: 500, body: "oops" }, /Maton is unavailable.*Try again/],
])("%s of the control host blames no grant and no argument", async (_name, answer, sentence) => {
  const { fail } = await scripted({ "GET /connections": [answer] });
  const told = await fail("bigin_list_connections");
  expect(told).toMatch(sentence);
  expect(told).not.toMatch(/grant|Correct the arguments|worth a report/);
});

test("an error of the gateway without Zoho's code is not Bigin's", async () => {
  const { fail } = await scripted({
    "GET /connections": [{ body: { connections: [{ connection_id: "c1", status: "ACTIVE" }] } }],
    "GET /zoho-bigin/bigin/v2/users": [
      { status: 501, body: { message: "Endpoint request timed out" } },
    ],
  });
  const told = await fail("bigin_list_users");
  expect(told).toMatch(/^Maton \(the gateway\) failed: .*HTTP 501/);
});

test("a look that fails, or is never answered, does not end the waiting", async () => {
  const { call, asked } = await scripted({
    "GET /connections/c1": [{ body: { connection: pending } }, down, "silence"],
  });
  const reply = await call("bigin_get_connection", { connection_id: "c1", wait_seconds: 3 });
  expect(reply).toMatchObject(pending);
  expect(asked).toHaveLength(3);
}, 30_000);

test("a first look that fails is told", async () => {
  const { fail } = await scripted({ "GET /connections/c1": [down] });
  const waiting = { connection_id: "c1", wait_seconds: 3 };
  expect(await fail("bigin_get_connection", waiting)).toContain("HTTP 500");
});

test("a link that is not Maton's is withheld, and nobody is told to open it", async () => {
  const { call } = await scripted({
    "GET /connections/c1": [{ body: { ...pending, url: "https://evil.example/" } }],
  });
  const reply = await call("bigin_get_connection", { connection_id: "c1" });
  expect(reply).not.toHaveProperty("url");
  expect(reply["next"]).toContain("withheld");
  expect(reply["next"]).not.toContain("open the url");
});

test("an error without Maton's form is told by its status: nothing of that id, or a delete in doubt", async () => {
  const { fail } = await scripted({
    "GET /connections/c1": [
      { body: { connection_id: "c1", status: "ACTIVE" } },
      { status: 404, body: {} },
    ],
    "DELETE /connections/c1": [{ status: 504, body: { message: "timed out" } }],
  });
  const args = { connection_id: "c1" };
  const doubtful = await fail("bigin_delete_connection", args);
  expect(doubtful).toContain("may have been carried out all the same: look before repeating it");
  expect(doubtful).not.toContain("Try again");
  expect(await fail("bigin_get_connection", args)).toContain(
    "Not done: Maton knows no connection c1.",
  );
});
