import { expect, onTestFinished, test } from "vitest";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import { fault } from "./harness.ts";

const headers = { authorization: "Bearer sandbox" };

async function served() {
  const server = await serveSandbox({ port: 0 });
  return {
    ...server,
    [Symbol.asyncDispose]: () => server.close(),
    send: (method: string, path: string, body?: unknown, more: Record<string, string> = {}) =>
      fetch(server.url + path, {
        method,
        headers: { ...headers, ...more },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

const json = async (response: Response) => JSON.parse(await response.text());

test("a connection is made, authorised on its page, used and deleted", async () => {
  await using server = await served();
  const { connection } = await json(
    await server.send("POST", "/connections", { app: "zoho-bigin" }),
  );
  expect(connection.url).toMatch(new RegExp(`^${server.url}/authorize\\?session_token=`));
  const path = `/connections/${connection.connection_id}`;
  for (let look = 0; look < 4; look += 1) {
    expect((await json(await server.send("GET", path))).connection.status).toBe("PENDING");
  }
  const page = await fetch(connection.url);
  expect(page.headers.get("content-type")).toMatch(/html/);
  expect(await page.text()).toContain("is connected");
  expect((await json(await server.send("GET", path))).connection.status).toBe("ACTIVE");
  const named = { "Maton-Connection": connection.connection_id };
  const list = "/zoho-bigin/bigin/v2/Contacts?fields=id";
  expect((await server.send("GET", list, undefined, named)).status).toBe(200);
  expect((await server.send("DELETE", path)).status).toBe(200);
  expect((await server.send("GET", list, undefined, named)).status).toBe(404);
  expect((await fetch(`${server.url}/authorize?session_token=x`)).status).toBe(404);
});

test("the requests of the document the project was asked for with", async () => {
  await using server = await served();
  const api = "/zoho-bigin/bigin/v2";
  const active = await json(await server.send("GET", "/connections?app=zoho-bigin&status=ACTIVE"));
  expect(active.connections).toHaveLength(1);
  const list = await json(
    await server.send("GET", `${api}/Contacts?fields=First_Name,Last_Name,Email,Phone`),
  );
  expect(list.info).toMatchObject({ per_page: 200, page: 1, more_records: false });
  const companies = await server.send("GET", `${api}/Accounts?fields=Account_Name,Website`);
  expect(companies.status).toBe(200);
  const row = {
    Last_Name: "Smith",
    First_Name: "John",
    Email: "john.smith@example.com",
    Phone: "+1-555-0123",
  };
  const made = await server.send("POST", `${api}/Contacts`, { data: [row] });
  expect(made.status).toBe(201);
  const { id } = (await json(made)).data[0].details;
  const got = await json(await server.send("GET", `${api}/Contacts/${id}`));
  expect(got.data[0]).toMatchObject({ ...row, id });
});

test("a port in use is refused in one line", async () => {
  await using server = await served();
  const port = Number(new URL(server.url).port);
  await expect(serveSandbox({ port })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is already in use: stop the program that uses it, or choose another with --port.`,
  );
});

test("faults reach a client over the port as a cut connection", async () => {
  await using server = await served();
  server.sandbox.addFault(fault({ kind: "reset" }));
  await expect(server.send("GET", "/connections")).rejects.toThrow("fetch failed");
  expect((await server.send("GET", "/connections")).status).toBe(200);
});

test("a bug of the sandbox is told on stderr, a scripted fault is not", async () => {
  const told: string[] = [];
  let broken = false;
  const clock = () => {
    if (broken) throw new Error("the clock stopped");
    return Date.now();
  };
  const server = await serveSandbox({ port: 0, clock, report: (line) => void told.push(line) });
  onTestFinished(() => server.close());
  server.sandbox.addFault(fault({ kind: "reset" }));
  await expect(fetch(`${server.url}/connections`, { headers })).rejects.toThrow("fetch failed");
  expect(told).toEqual([]);
  broken = true;
  const body = JSON.stringify({ app: "zoho-bigin" });
  const made = fetch(`${server.url}/connections`, { method: "POST", headers, body });
  await expect(made).rejects.toThrow("fetch failed");
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(
    /^The sandbox failed at POST http:.*\/connections: Error: the clock stopped/,
  );
});
