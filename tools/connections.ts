import * as z from "zod";
import { accountOf, type Connection, connectionStatuses } from "../src/maton/connections.ts";
import { fitting, roomBeside, tokensOf } from "../src/reply/budget.ts";
import { defineTool } from "../src/tool/define.ts";
import * as param from "../src/tool/params.ts";

const connectionOutput = z.looseObject({
  connection_id: z.string(),
  status: z.string(),
  account: z.string().optional().describe("Whose account it is, if Maton says so"),
  creation_time: z.string().optional(),
  last_updated_time: z.string().optional(),
  app: z.string().optional(),
  method: z.string().optional(),
  metadata: z.looseObject({}).optional(),
  url: z
    .string()
    .optional()
    .describe("Only while PENDING: the link for the user to open in a browser"),
  next: z.string().optional(),
});
/** Maton may put anything into `metadata`. The rest of a connection takes about 150 tokens. */
const metadataTokens = 200;
const manyLeft = "For details call bigin_get_connection; for a shorter list give a status.";
const connectionId = param.connectionId.describe(
  "Id of the connection, as bigin_list_connections returned it",
);

/** Time for the user to grant access after opening the page. The rest of the 50 s of a call is for Maton. */
const waitForGrantS = 15;

export default [
  defineTool({
    name: "bigin_list_connections",
    title: "List connections",
    description:
      "Lists the connections of this Maton account to Bigin, one for each Bigin user who granted access. Only ACTIVE connections can be used.",
    searchHint:
      "which Zoho accounts or logins are linked, active; Verbindungen, Konten; conexiones, cuentas; 连接列表",
    toolset: "connections",
    scope: "account",
    effect: "read",
    linkProperty: "url",
    examples: [{}],
    input: z.strictObject({
      status: z
        .enum(connectionStatuses)
        .optional()
        .describe("List only connections with this status"),
    }),
    output: z.looseObject({ connections: z.array(connectionOutput) }),
    async run({ status }, { connections, signal, replyTokens }) {
      const all = (await connections.list(status, signal)).map(shownConnection);
      if (roomBeside(all, replyTokens) >= 10) return { connections: all };
      const brief = all.map(({ connection_id, status, account }) => ({
        connection_id,
        status,
        ...(account !== undefined && { account }),
      }));
      const shown = brief.slice(
        0,
        fitting(brief, roomBeside({ note: manyLeft }, replyTokens) - 20),
      );
      const left = brief.length - shown.length;
      return { connections: shown, ...(left > 0 && { left }), note: manyLeft };
    },
  }),

  defineTool({
    name: "bigin_get_connection",
    title: "Get a connection",
    description:
      "Shows one connection. With wait_seconds it waits while the connection is PENDING, until the user has opened its link and granted access.",
    searchHint: "authorization, login approved or finished, check; Status; estado; 授权状态",
    toolset: "connections",
    scope: "account",
    effect: "read",
    linkProperty: "url",
    examples: [{ connection_id: "{connection}" }],
    input: z.strictObject({
      connection_id: connectionId,
      wait_seconds: z
        .int()
        .min(0)
        .max(45)
        .optional()
        .describe("Seconds to wait while PENDING, 0-45; default 0"),
    }),
    output: connectionOutput,
    async run({ connection_id, wait_seconds = 0 }, { connections, signal, progress }) {
      const connection = await connections.waitUntilSettled(
        connection_id,
        wait_seconds,
        signal,
        (waited) => progress(waited, wait_seconds, "waiting for the user to open the link"),
      );
      return withNext(connection);
    },
  }),

  defineTool({
    name: "bigin_create_connection",
    title: "Create a connection",
    description:
      "Connects a Bigin account: starts a connection and returns a link that the user opens to grant access. Use it only if the user asked for it.",
    searchHint:
      "set up, link, log in, authorize Zoho, reconnect; verbinden, anmelden; conectar cuenta; 授权 连接 账号",
    toolset: "connections",
    scope: "account",
    effect: "create",
    linkProperty: "url",
    examples: [{}],
    input: z.strictObject({}),
    output: connectionOutput,
    async plan() {
      return {
        plan: undefined,
        records: 1,
        summary: "Start a new connection to Bigin.",
        preview: {},
        bound: [],
      };
    },
    async commit(_plan, { connections, signal }) {
      const made = await connections.create(signal);
      const audit = { outcome: "created", ids: [made.connection_id] };
      return { reply: withNext(made), audit };
    },
    finish: {
      page({ url, connection_id }) {
        const message = "Open this page at Maton to grant access to Bigin.";
        return url === undefined ? undefined : { url, message, state: connection_id };
      },
      async resume(connectionId, opened, { connections, signal, progress }) {
        const seconds = opened ? waitForGrantS : 0;
        const look = (waited: number) =>
          progress(waited, seconds, "waiting for the user to grant access");
        return withNext(await connections.waitUntilSettled(connectionId, seconds, signal, look));
      },
    },
  }),

  defineTool({
    name: "bigin_delete_connection",
    title: "Delete a connection",
    description:
      "Disconnects a Bigin account: removes its connection from Maton. The data in Bigin does not change. This cannot be undone.",
    searchHint: "remove, revoke, unlink, log out of Zoho; trennen; desconectar; 断开连接",
    toolset: "connections",
    scope: "account",
    effect: "delete",
    examples: [{ connection_id: "{connection}" }],
    input: z.strictObject({ connection_id: connectionId }),
    output: z.looseObject({
      connection_id: z.string(),
      outcome: z.string(),
      status_before: z.string(),
    }),
    async plan({ connection_id }, { connections, signal }) {
      const connection = await connections.get(connection_id, signal);
      const { status } = connection;
      const account = accountOf(connection);
      const whose = account === undefined ? "" : ` of "${account}"`;
      return {
        plan: { connection_id, status },
        records: 1,
        summary: `Delete the ${status} connection ${connection_id}${whose} from Maton. It cannot be undone.`,
        preview: { connection_id, status, ...(account !== undefined && { account }) },
        bound: [connection_id, status],
      };
    },
    async commit({ connection_id, status }, { connections, signal }) {
      await connections.delete(connection_id, signal);
      return {
        reply: { connection_id, outcome: "deleted", status_before: status },
        audit: { outcome: "deleted", ids: [connection_id], before: { status } },
      };
    },
  }),
];

/** The link holds a session token, so it is shown only while it is needed. */
function shownConnection({
  url,
  metadata,
  ...connection
}: Connection): z.input<typeof connectionOutput> {
  const account = accountOf({ metadata });
  const entries = Object.entries(metadata ?? {}).filter(([key]) => !/url|link|token/i.test(key));
  const safe = Object.fromEntries(entries);
  return {
    ...connection,
    ...(account !== undefined && { account }),
    ...(metadata && {
      metadata: tokensOf(safe) > metadataTokens ? { note: "too long to show" } : safe,
    }),
    ...(connection.status === "PENDING" && isMatonPage(url) && { url }),
  };
}

function isMatonPage(text: string | undefined): boolean {
  const url = text && URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return false;
  const loopback = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  return loopback || (url.protocol === "https:" && url.hostname.endsWith(".maton.ai"));
}

function withNext(connection: Connection): z.input<typeof connectionOutput> {
  const shown = shownConnection(connection);
  const again = `bigin_get_connection {"connection_id":"${connection.connection_id}","wait_seconds":45}`;
  switch (connection.status) {
    case "PENDING":
      return { ...shown, next: nextOfPending(connection, shown.url !== undefined, again) };
    case "FAILED":
      return {
        ...shown,
        next: "Access was not granted. Delete this connection and create a new one.",
      };
    default:
      return shown;
  }
}

function nextOfPending(
  { url, connection_id }: Connection,
  isLinkShown: boolean,
  again: string,
): string {
  if (isLinkShown)
    return `Ask the user to open the url in a browser, then call ${again} until the status is ACTIVE.`;
  if (url !== undefined)
    return "The link is not shown, because it does not lead to maton.ai and must not be opened. Tell the user.";
  return `The link is not known yet: get it with bigin_get_connection {"connection_id":"${connection_id}"}. Do not create another connection.`;
}
