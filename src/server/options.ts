import type { Account } from "../account/account.ts";
import type { AuditLog } from "../logging/audit-log.ts";
import type { Log } from "../logging/log.ts";
import type { Redactor } from "../logging/redact.ts";
import type { Catalogue } from "../tool/catalogue.ts";
import type { Confirm } from "../tool/confirm.ts";
import type { CallsInFlight } from "./in-flight.ts";

/** What a server is made of. */
export interface ServerOptions {
  version: string;
  catalogue: Catalogue;
  /** Asked for at every call, because a key may change while the server runs. Fails if there is no key. */
  account(): Promise<Account>;
  /** Identifies whose server it is: the same for all sessions of one credential. */
  caller?: string | undefined;
  /** The calls in progress in this process. */
  calls?: CallsInFlight | undefined;
  /** The connection for calls that name none. */
  connection: string | undefined;
  /** How many tokens a reply may have. */
  replyTokens: number;
  /** Which writes need a confirmation. */
  confirm: Confirm;
  audit?: AuditLog | undefined;
  /** Removes the program's secrets if there is no account to do it. */
  redact?: Redactor | undefined;
  log: Log;
}
