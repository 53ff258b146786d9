import { expect, test } from "vitest";
import type { Sandbox } from "../../src/sandbox/app.ts";
import { controlHost, createSandboxClient, type SandboxClient } from "../support/sandbox-client.ts";
import { seededModules } from "../support/seeded.ts";

/** Everything that a sandbox holds, as text. */
function dump({ store }: Sandbox): string {
  const tables = seededModules.map((module) => [
    [...store.records(module).values()],
    store.deleted(module),
  ]);
  return JSON.stringify([tables, [...store.connections().values()], store.users()]);
}

/** One write of every kind, several of which change other records too. Returns the statuses. */
async function writeEverywhere({ send, put, insert, id }: SandboxClient): Promise<number[]> {
  const contact = id("Contacts");
  const product = id("Products");
  const deal = { Deal_Name: "New deal", Sub_Pipeline: "Renewals", Stage: "Quote Sent" };
  const replies = [
    await insert("Contacts", { Last_Name: "New", Account_Name: "New Ltd", Tag: [{ name: "new" }] }),
    await insert("Pipelines", { ...deal, Associated_Products: [{ Product: { id: product } }] }),
    await put(`/Accounts/${id("Accounts")}`, { Account_Name: "Renamed Ltd" }),
    await put(`/Contacts/${contact}/Products/${product}`, {}),
    await send("DELETE", `/Contacts/${contact}/Products/${product}`),
    await put(`/Pipelines/${id("Pipelines")}/Products/${product}`, {}),
    await send("POST", `/Contacts/${contact}/Notes`, { data: [{ Note_Content: "new" }] }),
    await send("DELETE", `/Contacts/${id("Contacts", 1)}`),
    await send("DELETE", `/Products/${id("Products", 1)}`),
    await send("POST", `${controlHost}/connections`, { app: "zoho-bigin" }),
  ];
  return replies.map(({ status }) => status);
}

test("writes to one sandbox are not seen in another, whether it was used before or not", async () => {
  const untouched = dump(createSandboxClient().sandbox);
  const changed = createSandboxClient();
  const usedBefore = createSandboxClient();
  const usedLater = createSandboxClient();
  expect(dump(usedBefore.sandbox)).toBe(untouched);
  expect(await writeEverywhere(changed)).toEqual([
    201, 201, 200, 200, 200, 200, 201, 200, 200, 200,
  ]);
  expect(dump(changed.sandbox)).not.toBe(untouched);
  expect(dump(usedBefore.sandbox)).toBe(untouched);
  expect(dump(usedLater.sandbox)).toBe(untouched);
  expect(dump(createSandboxClient().sandbox)).toBe(untouched);
  expect((await changed.get("/Accounts/search", { word: "Renamed" })).status).toBe(200);
  expect((await usedBefore.get("/Accounts/search", { word: "Renamed" })).status).toBe(204);
});

test("the same writes give the same ids in every sandbox", async () => {
  const [one, other] = [createSandboxClient(), createSandboxClient()];
  await writeEverywhere(one);
  await writeEverywhere(other);
  expect(dump(one.sandbox)).toBe(dump(other.sandbox));
});

test("a reset restores everything that writes changed", async () => {
  const client = createSandboxClient();
  const before = dump(client.sandbox);
  await writeEverywhere(client);
  client.sandbox.reset();
  expect(dump(client.sandbox)).toBe(before);
  expect(client.sandbox.requests).toEqual([]);
});

test("values that sandboxes share cannot be changed", () => {
  const { store } = createSandboxClient().sandbox;
  const values = seededModules
    .flatMap((module) => [...store.records(module).values()])
    .flatMap((record) => Object.values(record))
    .filter((value) => typeof value === "object");
  expect(values.length).toBeGreaterThan(1_000);
  expect(values.filter((value) => !Object.isFrozen(value))).toEqual([]);
});

test("seeded times are relative to the creation of the sandbox, not to its first use", () => {
  const used = createSandboxClient();
  const usedLater = createSandboxClient();
  const before = dump(used.sandbox);
  usedLater.time.now += 40 * 86_400_000;
  expect(dump(usedLater.sandbox)).toBe(before);
});

test("a write that is dropped leaves modules that were not used before as they were seeded", async () => {
  const client = createSandboxClient();
  const untouched = dump(createSandboxClient().sandbox);
  client.sandbox.addFault({ does: { kind: "drop" }, times: 10 });
  await writeEverywhere(client);
  expect(dump(client.sandbox)).toBe(untouched);
});

test("the same seed and clock give the same data, another seed gives other data", () => {
  const dumpOf = (seed: number) => dump(createSandboxClient({ seed }).sandbox);
  expect(dumpOf(1)).toBe(dumpOf(1));
  expect(dumpOf(1)).not.toBe(dumpOf(2));
});
