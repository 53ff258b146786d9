import { createServer } from "node:http";
import { expect, onTestFinished, test, vi } from "vitest";
import { run } from "../support/program.ts";

test("the built program sends its requests through the proxy of HTTPS_PROXY", async () => {
  const asked: string[] = [];
  const proxy = createServer().on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void proxy.close());
  const { port } = Object(proxy.address());
  const { ended, stdout, stderr } = run(["call", "bigin_list_connections"], {
    MATON_API_KEY: "made-up-key",
    HTTPS_PROXY: `http://127.0.0.1:${port}`,
  });
  expect(await ended).toBe(1);
  expect([...new Set(asked)]).toEqual(["ctrl.maton.ai:443"]);
  await vi.waitFor(() => expect(stdout() + stderr()).toContain("ctrl.maton.ai"));
});
