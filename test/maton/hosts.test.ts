import { expect, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import { createSandbox } from "../../src/sandbox/app.ts";
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
