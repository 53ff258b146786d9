import { createServer } from "node:http";
import { expect, onTestFinished, test, vi } from "vitest";
import { run, serve } from "../support/program.ts";

/** A proxy that refuses to connect, and notes to what. */
async function refusingProxy() {
  const asked: string[] = [];
  const proxy = createServer().on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void proxy.close());
  const { port } = Object(proxy.address());
  const url = `http://user:secret-of-it@127.0.0.1:${port}`;
  return { asked, env: { MATON_API_KEY: "made-up-key", HTTPS_PROXY: url } };
}

test("the built program sends its requests through the proxy of HTTPS_PROXY, and names it if it refuses", async () => {
  const { asked, env } = await refusingProxy();
  const { ended, stdout, stderr } = run(["call", "bigin_list_connections"], env);
  expect(await ended).toBe(1);
  expect([...new Set(asked)]).toEqual(["ctrl.maton.ai:443"]);
  await vi.waitFor(() => expect(stdout() + stderr()).toMatch(/127\.0\.0\.1:\d+.*HTTP 403/));
  expect(stdout() + stderr()).not.toContain("secret-of-it");
});

test("/readyz, which is public, does not name the proxy", async () => {
  const { env } = await refusingProxy();
  const { url } = await serve([], env);
  const response = await fetch(`${url.replace(/\/mcp$/, "")}/readyz`);
  expect(response.status).toBe(503);
  expect(await response.text()).toMatch(/"reason":"[^"\d]*proxy[^"\d]*"/);
});
