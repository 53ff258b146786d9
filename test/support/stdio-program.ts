import { serveStdioTransport } from "../../src/transports/stdio.ts";
import { makeEchoServer } from "./echo.ts";

const { close, closed } = serveStdioTransport({
  makeServer: makeEchoServer,
  onError: (error) => process.stderr.write(`error: ${error.message}\n`),
});
process.on("SIGTERM", close);
// A server may have timers like this one. They must not keep the process alive.
setInterval(() => {}, 1000);
await closed;
process.stderr.write("closed\n");
process.exit(0);
