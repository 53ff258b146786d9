import { createAccounts } from "../../../src/account/account.ts";
import { createLog } from "../../../src/logging/log.ts";
import { createLogStream } from "../../../src/logging/log-stream.ts";
import { joinRedactors, sessionLinks } from "../../../src/logging/redact.ts";
import { createCallsInFlight } from "../../../src/server/in-flight.ts";
import { createServer } from "../../../src/server/server.ts";
import { secretsIn } from "../../../src/settings/settings.ts";
import { createCatalogue } from "../../../src/tool/catalogue.ts";
import type { Tool } from "../../../src/tool/define.ts";
import { serveHttp } from "../../../src/transports/http.ts";
import { serveStdioTransport } from "../../../src/transports/stdio.ts";
import { answerMeasures } from "./meter.ts";

const none = 1_000_000;
/** As long as Maton's keys, because every reply and log line is searched for it. The sandbox's key is too short to be a secret. */
const key = `v2.${"Yx3_kP9-".repeat(10)}`;

/**
 * The program as `compose.ts` puts it together, without the limits that protect Bigin and the server. The product has no
 * setting for that. `MATON_API_URL` is the address of a served sandbox.
 */
export async function serveWithoutLimits(tools: readonly Tool[]): Promise<void> {
  const url = process.env["MATON_API_URL"] ?? "";
  const secrets = secretsIn({ MATON_API_KEY: key });
  const redact = joinRedactors(secrets, sessionLinks);
  const accounts = createAccounts({
    redact: secrets,
    gatewayUrl: url,
    controlUrl: url,
    userAgent: "bigin-mcp/bench",
    limits: { perSecond: none, atOnce: 50 },
  });
  const log = createLog("info", redact, createLogStream(process.stderr));
  const catalogue = createCatalogue(tools, { readOnly: false });
  const calls = createCallsInFlight();
  const makeServer = () =>
    createServer({
      version: "0.0.0",
      log,
      catalogue,
      calls,
      replyTokens: 6000,
      confirm: "destructive",
      connection: undefined,
      redact,
      account: async () => accounts.of("sandbox"),
    });
  if (process.argv[2] === "http") {
    const limits = { requestsPerMinute: none };
    const running = await serveHttp({
      host: "127.0.0.1",
      port: 0,
      authTokens: [],
      makeServer,
      log,
      limits,
    });
    answerMeasures(() => ({ sessions: running.sessions() }));
    process.stderr.write(`${JSON.stringify({ url: running.url })}\n`);
    return;
  }
  answerMeasures(() => ({}));
  const onError = (error: Error) => log.warn({ err: error }, "stdio");
  await serveStdioTransport({ makeServer, onError }).closed;
  process.exit(0);
}
