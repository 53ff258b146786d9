import { expect, test } from "vitest";
import { callsByHand, resultOf } from "../support/clients.ts";
import { connect } from "../support/connect.ts";
import { writes } from "../support/writes.ts";

const accept = { inputResponses: { answer: { action: "accept" } } };
const add = "bigin_create_records";
const one = { module: "Contacts", records: [{ Last_Name: "Answer" }] };

/** A server that asks before every write, and a client of 2026-07-28 with an open question. */
async function scene() {
  const connected = await connect({ confirm: "writes" });
  const call = callsByHand(connected.makeServer);
  const asked = await call(add, one);
  expect(asked).toMatchObject({
    resultType: "input_required",
    inputRequests: { answer: { method: "elicitation/create" } },
  });
  const { requestState } = asked;
  return {
    ...connected,
    call,
    requestState,
    writes: () => writes(connected).length,
    /** Sends the call again with the user's answer. */
    answer: async (args: object = one, retry: object = accept) =>
      resultOf(await call(add, { ...args }, { requestState, ...retry })),
  };
}

test("an accepted question carries its call out once, however often and at the same time the answer comes", async () => {
  const { answer, call, requestState, writes } = await scene();
  const answers = await Promise.all(
    [1, 2, 3].map(() => call(add, one, { requestState, ...accept })),
  );
  expect(answers.filter(({ isError }) => !isError)).toHaveLength(1);
  expect((await answer()).error).toContain("already used");
  expect(writes()).toBe(1);
});

test("an answer without our state is not one: the user is asked", async () => {
  const { call, writes } = await scene();
  expect(await call(add, one, accept)).toMatchObject({ resultType: "input_required" });
  for (const requestState of [7, null, {}])
    expect(await call(add, one, { ...accept, requestState })).toBeUndefined();
  expect(writes()).toBe(0);
});

test("an answer with a foreign state, or for another call, writes nothing and uses nothing up", async () => {
  const { answer, as, call, fail, requestState, writes } = await scene();
  const another = callsByHand((await as("another-key")).makeServer);
  const foreign = (await another(add, one)).requestState;
  const upsert = await call("bigin_upsert_records", one);
  const wrong = [
    "",
    "x",
    foreign,
    upsert.requestState,
    `${requestState}x`,
    requestState.replace(/^./, (first) => (first === "A" ? "B" : "A")),
  ];
  for (const state of wrong) {
    const result = await call(add, one, { requestState: state, ...accept });
    expect(resultOf(result).error, state).toContain("Nothing was sent");
  }
  for (const args of [
    { ...one, records: [{ Last_Name: "Other" }] },
    { ...one, trigger: [] },
  ])
    expect((await answer(args)).error).toContain("changed while");
  expect(resultOf(await another(add, one, { requestState, ...accept })).error).toContain(
    "answer is not valid",
  );
  expect(writes()).toBe(0);
  expect(await fail(add, { ...one, confirm_token: requestState })).toContain("does not match");
  expect((await answer()).reply).toMatchObject({ done: 1 });
});

test("a confirm_token does not count as an answer of the user", async () => {
  const { answer, makeServer, writes } = await scene();
  const { reply } = resultOf(await callsByHand(makeServer, "nothing")(add, one));
  const requestState = reply["confirm_token"];
  expect((await answer(one, { requestState, ...accept })).error).toContain("Nothing was sent");
  expect(writes()).toBe(0);
});

test.each([
  ["empty", {}],
  ["of another name", { other: { action: "accept" } }],
  ["of another shape", { answer: { action: "yes" } }],
  ["without an action", { answer: { content: {} } }],
  ["wrapped", { answer: { method: "elicitation/create", result: { action: "accept" } } }],
])("an answer that is %s does not count and uses the state up", async (_name, inputResponses) => {
  const { answer, writes } = await scene();
  const { reply } = await answer(one, { inputResponses });
  expect(reply).toMatchObject({ status: "confirmation_required" });
  expect((await answer()).error).toContain("Nothing was sent");
  expect(writes()).toBe(0);
});

test("a question that was declined cannot be accepted", async () => {
  const { answer, writes } = await scene();
  const decline = { inputResponses: { answer: { action: "decline" } } };
  expect((await answer(one, decline)).error).toContain("declined");
  expect((await answer()).error).toContain("Nothing was sent");
  expect(writes()).toBe(0);
});

test("a dry run sends nothing, whatever answer comes with it", async () => {
  const { answer, writes } = await scene();
  expect((await answer({ ...one, dry_run: true })).reply).toMatchObject({ status: "dry_run" });
  expect(writes()).toBe(0);
});

test("an accepted call with an idempotency key, sent again, returns the first result", async () => {
  const { answer, call, writes } = await scene();
  const args = { ...one, idempotency_key: "k1" };
  const { requestState } = await call(add, args);
  const first = (await answer(args, { requestState, ...accept })).reply;
  const again = (await answer(args, { requestState, ...accept })).reply;
  expect(again["results"]).toEqual(first["results"]);
  expect(writes()).toBe(1);
});
