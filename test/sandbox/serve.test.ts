import { expect, onTestFinished, test } from "vitest";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import { fault, readReply } from "../support/sandbox-client.ts";

const headers = { authorization: "Bearer sandbox" };
const contacts = "/zoho-bigin/bigin/v2/Contacts";

async function serve() {
  const server = await serveSandbox({ port: 0 });
  onTestFinished(() => server.close());
  async function send(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ) {
    const response = await fetch(server.url + path, {
      method,
      headers: { ...headers, ...more },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return await readReply(response, `${method} ${path}`);
  }
  return { ...server, send };
}

test("a connection is created, authorised on its page, used and deleted", async () => {
  const { url, send } = await serve();
  const created = await send("POST", "/connections", { app: "zoho-bigin" });
  const { connection_id, url: link } = created.body.connection;
  expect(link.startsWith(`${url}/authorize?session_token=`)).toBe(true);
  const path = `/connections/${connection_id}`;
  const status = async () => (await send("GET", path)).body.connection.status;
  for (let n = 0; n < 4; n += 1) expect(await status()).toBe("PENDING");
  const page = await fetch(link);
  expect(page.headers.get("content-type")).toMatch(/html/);
  expect(await page.text()).toContain(connection_id);
  expect(await status()).toBe("ACTIVE");
  const over = { "Maton-Connection": connection_id };
  const list = () => send("GET", `${contacts}?fields=id`, undefined, over);
  expect((await list()).status).toBe(200);
  expect((await send("DELETE", path)).status).toBe(200);
  expect((await list()).status).toBe(404);
  expect((await fetch(`${url}/authorize?session_token=x`)).status).toBe(404);
});

test("records are listed, created and read over HTTP", async () => {
  const { send } = await serve();
  const list = await send("GET", `${contacts}?fields=First_Name,Last_Name`);
  expect(list.body.info).toMatchObject({ per_page: 200, page: 1, more_records: false });
  const row = { Last_Name: "Smith", First_Name: "John", Email: "john.smith@example.com" };
  const created = await send("POST", contacts, { data: [row] });
  expect(created.status).toBe(201);
  const { id } = created.row.details;
  const read = await send("GET", `${contacts}/${id}`);
  expect(read.body.data).toMatchObject([{ ...row, id }]);
});

test("a port in use is refused with a message that names it", async () => {
  const { url } = await serve();
  const { port } = new URL(url);
  await expect(serveSandbox({ port: Number(port) })).rejects.toThrow(
    new RegExp(`${port}.*in use.*--port`),
  );
});

test("over HTTP, a broken connection is a connection that is cut", async () => {
  const { sandbox, send } = await serve();
  sandbox.addFault(fault({ kind: "reset" }));
  await expect(send("GET", "/connections")).rejects.toThrow("fetch failed");
  expect((await send("GET", "/connections")).status).toBe(200);
});

test("a bug of the sandbox is reported, a scripted fault is not", async () => {
  const reports: string[] = [];
  let broken = false;
  const clock = () => {
    if (broken) throw new Error("the clock stopped");
    return Date.now();
  };
  const server = await serveSandbox({ port: 0, clock, report: (line) => void reports.push(line) });
  onTestFinished(() => server.close());
  server.sandbox.addFault(fault({ kind: "reset" }));
  const url = `${server.url}/connections`;
  await expect(fetch(url, { headers })).rejects.toThrow("fetch failed");
  expect(reports).toEqual([]);
  broken = true;
  const body = JSON.stringify({ app: "zoho-bigin" });
  await expect(fetch(url, { method: "POST", headers, body })).rejects.toThrow("fetch failed");
  expect(reports).toHaveLength(1);
  for (const part of ["POST", "/connections", "the clock stopped"])
    expect(reports[0]).toContain(part);
});
