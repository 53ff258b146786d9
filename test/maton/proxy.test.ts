import { once } from "node:events";
import { createServer } from "node:http";
import {
  type AddressInfo,
  connect as connectSocket,
  createServer as createPort,
  type Socket,
} from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import { createProxiedFetch } from "../../src/maton/proxy.ts";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import { addresses, connectTo } from "../support/connect.ts";
import { keptOutcomes } from "../support/outcomes.ts";
import { fakeTimers } from "../support/simulated-time.ts";

type OnConnect = (asked: string, socket: Socket) => void;

/** A proxy that notes what it is asked to connect to. */
async function startProxy(onConnect: OnConnect = passOn) {
  const asked: string[] = [];
  const server = createServer().on("connect", ({ url = "" }, socket: Socket) => {
    asked.push(url);
    onConnect(url, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { server, port, url: `http://127.0.0.1:${port}`, asked };
}

function passOn(asked: string, socket: Socket): void {
  const [host = "", port] = asked.split(":");
  const upstream = connectSocket(Number(port), host, () => {
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    upstream.pipe(socket).pipe(upstream);
  });
  upstream.on("error", () => socket.destroy());
  socket.on("error", () => upstream.destroy());
}

/** A client of a server that reaches Maton only through this proxy. */
async function through(httpsProxy: string) {
  const replaced: string[] = [];
  const accounts = createAccounts({
    ...addresses,
    onHostReplaced: (older) => replaced.push(older),
    fetch: createProxiedFetch({ httpsProxy, httpProxy: undefined, noProxy: undefined }),
  });
  const { log, last } = keptOutcomes();
  const joined = await connectTo(async () => accounts.of("key"), { readOnly: false, log });
  /** What the agent reads, after a read and after a write. */
  async function told() {
    const texts = [await joined.fail("bigin_list_connections")];
    expect(await last()).toBe("network/proxy_failed");
    texts.push(await joined.fail("bigin_create_connection"));
    expect(await last()).toBe("network/proxy_failed");
    expect(replaced).toEqual([]);
    const text = texts.join("\n");
    expect(text).not.toMatch(/secret|may have been carried out/);
    expect(text.match(/HTTPS_PROXY/g)).toHaveLength(2);
    return text;
  }
  return { ...joined, last, told };
}

test("requests go through the proxy, but not to hosts that NO_PROXY names", async () => {
  const { url, close } = await serveSandbox({ port: 0 });
  onTestFinished(close);
  const proxy = await startProxy();
  const through = { httpsProxy: undefined, httpProxy: proxy.url };
  const headers = { Authorization: "Bearer sandbox" };
  const proxied = createProxiedFetch({ ...through, noProxy: undefined });
  const body = JSON.stringify({ app: "zoho-bigin" });
  const created = await proxied(`${url}/connections`, { method: "POST", headers, body });
  expect(created.status).toBe(200);
  expect(await created.json()).toHaveProperty("connection");
  expect(proxy.asked).toEqual([new URL(url).host]);
  const direct = createProxiedFetch({ ...through, noProxy: "127.0.0.1" });
  expect((await direct(`${url}/connections`, { headers })).status).toBe(200);
  expect(proxy.asked).toHaveLength(1);
});

test("reads and writes work through a proxy", async () => {
  const { url, sandbox, close } = await serveSandbox({ port: 0 });
  onTestFinished(close);
  const proxy = await startProxy();
  const accounts = createAccounts({
    ...addresses,
    gatewayUrl: url,
    controlUrl: url,
    fetch: createProxiedFetch({ httpsProxy: undefined, httpProxy: proxy.url, noProxy: undefined }),
  });
  const { call } = await connectTo(async () => accounts.of("sandbox"));
  const before = sandbox.store.records("Contacts").size;
  expect(await call.create("Contacts", [{ Last_Name: "Proxied" }])).toMatchObject({ done: 1 });
  expect(sandbox.store.records("Contacts").size).toBe(before + 1);
  expect(new Set(proxy.asked)).toEqual(new Set([new URL(url).host]));
});

const answers: [string, OnConnect, RegExp][] = [
  ["hangs up", (_, socket) => socket.destroy(), /The connection to the proxy/],
  ...[403, 407, 502].map((status): [string, OnConnect, RegExp] => [
    `answers ${status}`,
    (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`),
    new RegExp(`did not connect to ctrl\\.maton\\.ai:443 \\(HTTP ${status}\\)`),
  ]),
  ["does not speak HTTP", (_, socket) => socket.end("220 mail\r\n"), /The connection to the proxy/],
];

test.each(answers)("a proxy that %s is named, once and soon", async (_, onConnect, words) => {
  const { asked, port } = await startProxy(onConnect);
  const { told } = await through(`http://user:secret@127.0.0.1:${port}`);
  const text = await told();
  expect(text).toMatch(words);
  expect(text).toContain(`127.0.0.1:${port}`);
  expect(asked).toEqual(["ctrl.maton.ai:443", "ctrl.maton.ai:443"]);
});

test("a proxy that nobody can reach is named, and no other host of Maton's is tried", async () => {
  const closed = createPort().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const refused = await through(`http://user:secret@127.0.0.1:${port}`);
  expect(await refused.told()).toContain("(ECONNREFUSED)");
  const unknown = await through("http://user:secret@proxy.invalid:3128");
  expect(await unknown.told()).toMatch(/proxy\.invalid:3128 failed \((ENOTFOUND|EAI_AGAIN)\)/);
});

test("a proxy that does not answer is given 8 s", async () => {
  const { server, url } = await startProxy(() => undefined);
  const { fail, last } = await through(url);
  fakeTimers(["setTimeout", "clearTimeout"]);
  const asked = once(server, "connect");
  const failing = fail("bigin_create_connection");
  await asked;
  await vi.advanceTimersByTimeAsync(8_000);
  expect(await failing).toMatch(/did not connect to ctrl\.maton\.ai:443 within 8 s/);
  expect(await last()).toBe("network/proxy_failed");
});

test("a proxy that connects and then hangs up leaves no doubt about a write", async () => {
  const { url } = await startProxy((_, socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
  const { fail, last } = await through(url);
  expect(await fail("bigin_create_connection")).not.toContain("may have been carried out");
  expect(await last()).toBe("network/unreachable");
});
