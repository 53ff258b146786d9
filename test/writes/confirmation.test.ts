import { expect, test, vi } from "vitest";
import { connect } from "../harness.ts";
import {
  type Action,
  everyWay,
  guest,
  inMemoryWays,
  modernWays,
  noPerson,
  type Person,
} from "./people.ts";

type Sandbox = Awaited<ReturnType<typeof connect>>["sandbox"];
const contacts = (sandbox: Sandbox) => sandbox.store.records("Contacts");
const idsOf = (sandbox: Sandbox, count: number) => [...contacts(sandbox).keys()].slice(0, count);

/** A server that asks, with one contact to delete, and the writes that reach Bigin. */
async function scene(confirm: "destructive" | "writes" = "destructive") {
  const connected = await connect({ confirm });
  const [id = ""] = idsOf(connected.sandbox, 1);
  return {
    ...connected,
    id,
    remove: { module: "Contacts", ids: [id] },
    isThere: () => contacts(connected.sandbox).has(id),
    writes: () =>
      connected.sent.filter(
        ({ method, url }) => method !== "GET" && url.pathname.startsWith("/zoho-bigin"),
      ),
  };
}

/** A person who always answers the same, and what they were asked. */
function whoSays(action: Action) {
  const questions: Parameters<Person>[0][] = [];
  const person: Person = (question) => {
    questions.push(question);
    return action;
  };
  return { person, questions };
}

test.each(everyWay)("%s: accepting carries the write out, exactly once", async (way) => {
  const { makeServer, remove, isThere, writes, id, sandbox } = await scene();
  const { person, questions } = whoSays("accept");
  const name = contacts(sandbox).get(id)?.["Full_Name"];
  const { call } = await guest(way, makeServer, { says: "both", person });
  expect(await call("bigin_delete_records", remove)).toMatchObject({
    reply: { done: 1 },
    told: "",
  });
  expect(isThere()).toBe(false);
  expect(writes()).toHaveLength(1);
  expect(questions).toHaveLength(1);
  expect(questions[0]?.message).toContain(`Delete 1 record of Contacts: ${name}`);
});

test.each(everyWay)("%s: declining refuses the write, and gives no token", async (way) => {
  const { makeServer, remove, isThere, writes } = await scene();
  const { call } = await guest(way, makeServer, {
    says: "forms",
    person: whoSays("decline").person,
  });
  const { told } = await call("bigin_delete_records", remove);
  expect(told).toMatch(/^Not done: the person declined: Delete 1 record/);
  expect(told).not.toContain("confirm_token");
  expect(isThere()).toBe(true);
  expect(writes()).toEqual([]);
});

test.each(everyWay)("%s: cancelling gives the token, which then carries it out", async (way) => {
  const { makeServer, remove, isThere, writes } = await scene();
  const { person, questions } = whoSays("cancel");
  const { call } = await guest(way, makeServer, { says: "forms", person });
  const { reply } = await call("bigin_delete_records", remove);
  expect(reply).toMatchObject({ status: "confirmation_required" });
  expect(isThere()).toBe(true);
  expect(writes()).toEqual([]);
  const { confirm_token } = reply;
  expect((await call("bigin_delete_records", { ...remove, confirm_token })).reply).toMatchObject({
    done: 1,
  });
  expect(isThere()).toBe(false);
  expect(questions).toHaveLength(1);
});

test.each(everyWay)("%s: a client that asks nobody gets the token", async (way) => {
  const { makeServer, remove, isThere, writes } = await scene();
  const { call } = await guest(way, makeServer, noPerson);
  const { reply } = await call("bigin_delete_records", remove);
  expect(reply).toMatchObject({ status: "confirmation_required", preview: { module: "Contacts" } });
  expect(writes()).toEqual([]);
  const { confirm_token } = reply;
  expect((await call("bigin_delete_records", { ...remove, confirm_token })).reply).toMatchObject({
    done: 1,
  });
  expect(isThere()).toBe(false);
});
