import { createServer } from "node:http";
import type { Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import { createProxiedFetch } from "../../src/maton/proxy.ts";
import { addresses, connectTo } from "../support/connect.ts";

/** A proxy that does this when it is asked for a connection. Returns its address. */
async function proxyThat(does: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on("connection", (socket) => sockets.add(socket));
  server.on("connect", (_, socket) => does(socket as Socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = Object(server.address());
  return `http://user:pass-word@127.0.0.1:${port}`;
}

async function through(httpsProxy: string) {
  const replaced: string[] = [];
  const accounts = createAccounts({
    ...addresses,
    onHostReplaced: (older) => replaced.push(older),
    fetch: createProxiedFetch({ httpsProxy, httpProxy: undefined, noProxy: undefined }),
  });
  return { ...(await connectTo(async () => accounts.of("made-up"))), replaced };
}

const answer = (line: string) => (socket: Socket) => void socket.end(`HTTP/1.1 ${line}\r\n\r\n`);

test.each([
  ["refuses (403)", answer("403 Forbidden"), "HTTP 403"],
  ["wants another password (407)", answer("407 Proxy Authentication Required"), "HTTP 407"],
  ["cannot connect (502)", answer("502 Bad Gateway"), "HTTP 502"],
  ["closes the connection", (socket: Socket) => void socket.destroy(), "closed the connection"],
  ["ends the connection", (socket: Socket) => void socket.end(), "closed the connection"],
])("a proxy that %s is named, at once, and nothing counts as sent", async (_, does, told) => {
  const { fail, replaced } = await through(await proxyThat(does));
  const started = performance.now();
  const read = await fail.list("Contacts");
  expect(read).toMatch(/^Network error: The proxy 127\.0\.0\.1:\d+ /);
  expect(read).toContain(told);
  const write = await fail.create("Contacts", [{ Last_Name: "Once" }]);
  expect(write).toContain("nothing was sent");
  expect(write).not.toContain("may have been carried out");
  expect(`${read}${write}`).not.toContain("pass-word");
  expect(replaced).toEqual([]);
  // Far below the time limit of a request: it is not tried again and again.
  expect(performance.now() - started).toBeLessThan(8_000);
});

test("a proxy whose name cannot be resolved is named, and the hosts stay", async () => {
  const { fail, replaced } = await through("http://no-such-proxy.invalid:3128");
  const told = await fail.list("Contacts");
  expect(told).toContain("The proxy no-such-proxy.invalid:3128 could not be reached");
  expect(replaced).toEqual([]);
});

test("a proxy that never answers is given up, and a write through it did not happen", async () => {
  const { fail } = await through(await proxyThat(() => undefined));
  const told = await fail.create("Contacts", [{ Last_Name: "Once" }]);
  expect(told).toMatch(/The proxy .* did not connect to .* within 8 s/);
  expect(told).not.toContain("may have been carried out");
});
