import { expect, test, vi } from "vitest";
import {
  type Answerer,
  callsByHand,
  clientOver,
  eras,
  everyWay,
  type Host,
  noUser,
  resultOf,
  userWho,
} from "../support/clients.ts";
import { type ConnectOptions, connect } from "../support/connect.ts";
import { fakeTimers } from "../support/simulated-time.ts";
import { status } from "../support/writes.ts";

const create = "bigin_create_connection";
const link = expect.stringMatching(/^https:\/\/connect\.maton\.ai\/\?session_token=/);
const pending = { status: "PENDING", url: link };

async function scene(options: ConnectOptions = {}) {
  const connected = await connect({ activateOnLook: 2, confirm: "destructive", ...options });
  const { sandbox, sent } = connected;
  const before = sandbox.store.connections().size;
  return {
    ...connected,
    posts: () => sent.filter(({ method }) => method === "POST").length,
    made: () => sandbox.store.connections().size - before,
  };
}

/** The same, and a client over one of the ways that asks for a connection. */
async function asking(way: string, host: Host, options: ConnectOptions = {}) {
  const connected = await scene(options);
  const { call } = await clientOver(way, connected.makeServer, host);
  return { ...connected, ask: () => call(create) };
}

test.each(everyWay)("%s: the page is opened; the connection is ACTIVE", async (way) => {
  const { user, questions } = userWho("accept");
  const { ask, posts, made } = await asking(way, { declares: "both", user });
  const { reply } = await ask();
  expect(reply).toMatchObject({ status: "ACTIVE" });
  expect(reply).not.toHaveProperty("url");
  expect(questions).toMatchObject([{ mode: "url", url: link }]);
  expect([posts(), made()]).toEqual([1, 1]);
});

test.each(everyWay)("%s: after declining or cancelling the reply has the link", async (way) => {
  for (const action of ["decline", "cancel"] as const) {
    const { user } = userWho(action);
    const closed = { activateOnLook: false } as const;
    const { ask, posts, made } = await asking(way, { declares: "pages", user }, closed);
    const next = expect.stringContaining("bigin_get_connection");
    expect((await ask()).reply).toMatchObject({ ...pending, next });
    expect([posts(), made()]).toEqual([1, 1]);
  }
});

test.each(everyWay)("%s: a client that cannot open pages gets the link", async (way) => {
  const { user, questions } = userWho("accept");
  for (const host of [noUser, { declares: "forms", user } as const]) {
    const { ask, posts, made } = await asking(way, host);
    expect((await ask()).reply).toMatchObject(pending);
    expect([posts(), made()]).toEqual([1, 1]);
  }
  expect(questions).toEqual([]);
});

test.each(eras)("%s: after the page was opened it waits for access", async (way) => {
  const { user } = userWho("accept");
  const closed = { activateOnLook: false } as const;
  const { ask, posts, sent } = await asking(way, { declares: "pages", user }, closed);
  fakeTimers(["setTimeout", "clearTimeout", "Date", "performance"]);
  const looks = () =>
    sent.filter(({ method, url }) => method === "GET" && /connections\/./.test(url.pathname))
      .length;
  const answer = ask();
  await vi.waitFor(() => expect(looks()).toBe(2));
  await vi.advanceTimersByTimeAsync(16_000);
  expect((await answer).reply).toMatchObject(pending);
  expect(looks()).toBeGreaterThan(5);
  expect(posts()).toBe(1);
});

test.each(eras)("%s: with --confirm writes the user is asked first", async (way) => {
  const { user, questions } = userWho("accept");
  const { ask, posts, made } = await asking(way, { declares: "both", user }, { confirm: "writes" });
  expect((await ask()).reply).toMatchObject({ status: "ACTIVE" });
  expect(questions.map(({ mode }) => mode)).toEqual(["form", "url"]);
  expect([posts(), made()]).toEqual([1, 1]);
});

test.each(eras)("%s: with --confirm writes, declining creates nothing", async (way) => {
  const { user } = userWho("decline");
  const { ask, posts } = await asking(way, { declares: "both", user }, { confirm: "writes" });
  expect((await ask()).error).toMatch(/the user declined/i);
  expect(posts()).toBe(0);
});

test.each(eras)("%s: a connection that cannot be read back is reported", async (way) => {
  let hide = () => {};
  const user: Answerer = () => {
    hide();
    return "accept";
  };
  const { ask, sandbox, posts } = await asking(way, { declares: "pages", user });
  hide = () =>
    sandbox.addFault({ method: "GET", path: /connections\//, times: 9, does: status(404, "") });
  const { reply, error: problem } = await ask();
  const id = [...sandbox.store.connections().keys()].at(-1) ?? "none";
  expect(JSON.stringify(reply) + problem).toContain(id);
  expect(posts()).toBe(1);
});

const accept = { inputResponses: { answer: { action: "accept" } } };

test("repeating the answered call creates no other connection", async () => {
  const { makeServer, posts, made } = await scene();
  const call = callsByHand(makeServer);
  const { requestState } = await call(create, {});
  const answers = await Promise.all(
    [1, 2, 3].map(() => call(create, {}, { requestState, ...accept })),
  );
  const ids = answers.map((answer) => resultOf(answer).reply["connection_id"]);
  expect(new Set(ids).size).toBe(1);
  expect([posts(), made()]).toEqual([1, 1]);
});

test.each(["destructive", "writes"] as const)(
  "--confirm %s: a request state of another tool or account creates nothing",
  async (confirm) => {
    const { makeServer, as, posts, sandbox } = await scene({ confirm });
    const call = callsByHand(makeServer);
    const other = callsByHand((await as("another-key")).makeServer);
    const failed = [...sandbox.store.connections()].find(([, { status }]) => status === "FAILED");
    const removing = await call("bigin_delete_connection", { connection_id: failed?.[0] });
    expect(removing).toMatchObject({ resultType: "input_required" });
    const { requestState: foreign } = await other(create, {});
    const before = posts();
    for (const requestState of ["", "x", removing.requestState, foreign]) {
      const { error: problem } = resultOf(await call(create, {}, { requestState, ...accept }));
      expect(problem, requestState).toMatch(/answer is not valid|open question|Nothing was sent/);
    }
    expect(posts()).toBe(before);
  },
);

test("a page that was open for half an hour still leads to its connection", async () => {
  fakeTimers(["Date"]);
  const { makeServer, posts } = await scene();
  const call = callsByHand(makeServer);
  const { requestState } = await call(create, {});
  vi.setSystemTime(Date.now() + 30 * 60_000);
  expect(resultOf(await call(create, {}, { requestState, ...accept })).reply).toMatchObject({
    status: "ACTIVE",
  });
  expect(posts()).toBe(1);
});

test("a connection that was created but could not be read is reported, so that no other is created", async () => {
  const { call, sandbox, made } = await scene();
  sandbox.addFault({ method: "GET", path: /connections\//, does: status(404, "") });
  const reply = await call(create);
  const id = [...sandbox.store.connections().keys()].at(-1);
  expect(reply).toMatchObject({ connection_id: id, status: "PENDING" });
  expect(made()).toBe(1);
});
