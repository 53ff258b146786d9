import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import { connectTo } from "../support/connect.ts";
import { until } from "../support/http.ts";
import { keptOutcomes } from "../support/outcomes.ts";
import { openDoor } from "./door.ts";

// Facts that only a real socket shows: that it is closed, and what Node reports when nothing is there.

const list = { module: "Contacts", per_page: 1 };
const row = { module: "Contacts", records: [{ Last_Name: "New" }] };
type Handler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The program behind a port that handles what `handles` takes itself. `cut` are the sockets closed before the end. */
async function upstream(handles: Handler) {
  const cut: string[] = [];
  const taken: string[] = [];
  const { url } = await openDoor((request, response) => {
    if (!handles(request, response)) return false;
    const label = `${request.method} ${request.url}`;
    taken.push(label);
    response.once("close", () => {
      if (!response.writableFinished) cut.push(label);
    });
    return true;
  });
  return { ...(await program(url)), cut, taken };
}

async function program(gatewayUrl: string, controlUrl = gatewayUrl) {
  const accounts = createAccounts({ gatewayUrl, controlUrl, userAgent: "test" });
  const { log, last } = keptOutcomes();
  const account = async () => accounts.of("sandbox");
  const joined = await connectTo(account, { readOnly: false, log });
  onTestFinished(() => joined.client.close());
  return { ...joined, last };
}

const isList = ({ method, url }: IncomingMessage) =>
  method === "GET" && /\/Contacts\?/.test(url ?? "");

test.each<[string, (response: ServerResponse) => void]>([
  ["that gets no response", () => undefined],
  [
    "whose body has begun",
    (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"data":[');
    },
  ],
])("a cancelled read %s closes its socket", async (_, respond) => {
  const { client, cut, taken, call } = await upstream((request, response) => {
    if (!isList(request) || taken.length > 0) return false;
    respond(response);
    return true;
  });
  const abort = new AbortController();
  const pending = client.callTool(
    { name: "bigin_list_records", arguments: list },
    { signal: abort.signal },
  );
  const ended = expect(pending).rejects.toThrow();
  await until(() => taken.length === 1);
  expect(cut).toEqual([]);
  abort.abort("enough");
  await ended;
  await until(() => cut.length === 1);
  expect((await call("bigin_list_records", list))["rows"]).toHaveLength(1);
});

test("a cancelled write is given time to end, and then its socket is closed", async () => {
  const { client, cut, taken } = await upstream(({ method }) => method === "POST");
  const abort = new AbortController();
  const records = [{ Last_Name: "Cut" }];
  const pending = client.callTool(
    { name: "bigin_create_records", arguments: { module: "Contacts", records } },
    { signal: abort.signal },
  );
  const ended = expect(pending).rejects.toThrow();
  await until(() => taken.length === 1);
  abort.abort("enough");
  await ended;
  expect(cut).toEqual([]);
  await until(() => cut.length === 1);
});

test("an endless body is read up to a limit, and its socket is closed", async () => {
  let bytes = 0;
  const part = Buffer.alloc(2 ** 16, " ");
  const { fail, cut, call, last } = await upstream((request, response) => {
    if (!isList(request) || bytes > 0) return false;
    response.writeHead(200, { "content-type": "application/json" });
    const more = () => {
      while (!response.destroyed) {
        bytes += part.length;
        if (!response.write(part)) break;
      }
    };
    response.on("drain", more);
    more();
    return true;
  });
  expect(await fail("bigin_list_records", list)).toContain("20 MiB");
  expect(await last()).toBe("maton/malformed");
  await until(() => cut.length === 1);
  expect(bytes).toBeLessThan(50 * 2 ** 20);
  expect((await call("bigin_list_records", list))["rows"]).toHaveLength(1);
});

test.each([
  ["gzip", "this is not compressed"],
  ["br", "this is not compressed"],
  ["deflate", "this is not compressed"],
  // Node hands on what it could decompress.
  ["gzip", gzipSync(JSON.stringify({ data: [...Array(1_000).keys()] })).subarray(0, 500)],
])("a body that is not the %s it claims to be is a broken response", async (encoding, body) => {
  const headers = { "content-type": "application/json", "content-encoding": encoding };
  const { fail, last } = await upstream(({ method, url }, response) => {
    const isRead = method === "GET" && /\/Contacts\?/.test(url ?? "");
    if (!isRead && method !== "POST") return false;
    response.writeHead(isRead ? 200 : 403, headers);
    response.end(body);
    return true;
  });
  const read = await fail("bigin_list_records", list);
  expect(await last()).toBe("maton/malformed");
  expect(read).toContain("HTTP 200");
  const written = await fail("bigin_create_records", row);
  expect(written).not.toContain("may have been carried out");
});

test("a refusal that breaks off leaves no doubt about a write, and a success that breaks off does", async () => {
  let code = 200;
  const { fail, last } = await upstream(({ method }, response) => {
    if (method !== "POST") return false;
    response.writeHead(code, { "content-type": "application/json", "content-length": 100 });
    response.write('{"data":[', () => response.destroy());
    return true;
  });
  const told = () => fail("bigin_create_records", row);
  expect(await told()).toContain("may have been carried out");
  for (code of [307, 400, 403, 429])
    expect.soft(await told(), String(code)).not.toContain("may have been carried out");
  expect(await last()).toBe("network/unreachable");
});

/** Addresses without a server, or with one that does not speak TLS. */
async function unreachable() {
  const server = createServer((_request, response) => response.end("{}"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  return {
    refused: `http://127.0.0.1:${port}`,
    unknown: "https://nobody.invalid",
    plain: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
}

test("an upstream that is refused, unknown or without TLS is a network failure, with Node's code", async () => {
  const { refused, unknown, plain } = await unreachable();
  const served = await serveSandbox({ port: 0 });
  onTestFinished(() => served.close());
  const codes = [
    [refused, /\(ECONNREFUSED\)/],
    [unknown, /\((ENOTFOUND|EAI_AGAIN)\)/],
    [plain, /\((ERR_SSL_\w+|EPROTO)\)/],
  ] as const;
  // Together, because each waits for its retries.
  const check = async ([url, code]: (typeof codes)[number]) => {
    const { fail, call, last } = await program(url, served.url);
    // By itself, because failures in a row pause a connection.
    const written = await (await program(url, served.url)).fail("bigin_create_records", row);
    expect(written).toMatch(code);
    expect(written).not.toContain("may have been carried out");
    const text = await fail("bigin_list_records", list);
    expect(await last(), url).toBe("network/unreachable");
    expect(text).toMatch(code);
    expect(text).toMatch(/\bGET \w+.*the network and the gateway setting/);
    expect(await call("bigin_list_connections")).toHaveProperty("connections");
  };
  await Promise.all(codes.map(check));
});
