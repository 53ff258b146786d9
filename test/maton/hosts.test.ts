import { createServer } from "node:http";
import { connect as connectSocket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import { createProxiedFetch } from "../../src/maton/proxy.ts";
import { createSandbox } from "../../src/sandbox/app.ts";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import { addresses, connectTo } from "../support/connect.ts";
import { table } from "../support/replies.ts";

function unresolved(): never {
  throw new TypeError("fetch failed", {
    cause: Object.assign(new Error("no such host"), { code: "ENOTFOUND" }),
  });
}

/** A client of a server whose requests go to the sandbox, but only to these hosts. */
async function reaching(known: (host: string) => boolean) {
  const sandbox = createSandbox();
  const hosts: string[] = [];
  const replaced: string[] = [];
  const accounts = createAccounts({
    ...addresses,
    onHostReplaced: (older, newer) => replaced.push(`${older} → ${newer}`),
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { host } = new URL(request.url);
      hosts.push(host);
      return known(host) ? sandbox.fetch(request) : unresolved();
    },
  });
  return { ...(await connectTo(async () => accounts.of("sandbox"))), hosts, replaced };
}

test("where the older hosts cannot be resolved, the newer one is used, and the log says so once", async () => {
  const { call, hosts, replaced } = await reaching((host) => host === "api.maton.ai");
  for (const page of [1, 2])
    expect(table(await call.list("Contacts", { per_page: 1, page })).rows).toHaveLength(1);
  expect(replaced.toSorted()).toEqual([
    "ctrl.maton.ai → api.maton.ai",
    "gateway.maton.ai → api.maton.ai",
  ]);
  expect(hosts.filter((host) => host === "ctrl.maton.ai")).toHaveLength(1);
});

test("calls that find the older hosts gone at the same time all succeed", async () => {
  const { call } = await reaching((host) => host === "api.maton.ai");
  const replies = await Promise.all(
    ["Contacts", "Accounts", "Pipelines", "Tasks", "Products"].map((module) =>
      call.list(module, { per_page: 1 }),
    ),
  );
  for (const reply of replies) expect(table(reply).rows).toHaveLength(1);
});

test("without a network the failure names the host that was asked", async () => {
  const { fail } = await reaching(() => false);
  const told = await fail.list("Contacts");
  expect(told).toMatch(/^Network error: .*ctrl\.maton\.ai.*ENOTFOUND/);
});

/** A proxy that notes what it is asked to connect to. */
async function startProxy() {
  const asked: string[] = [];
  const server = createServer();
  server.on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    const [host = "", port] = (request.url ?? "").split(":");
    const upstream = connectSocket(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, asked };
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
