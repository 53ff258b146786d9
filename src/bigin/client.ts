import type { Cache } from "../cache.ts";
import type { MatonHttp } from "../maton/http.ts";
import { createBiginHttp } from "./http.ts";
import { createMetadata, type Metadata } from "./metadata.ts";
import { createModules, type Modules } from "./modules.ts";
import { createNoteWriting } from "./notes.ts";
import { createReading, createWriting, type Reading, type Writing } from "./records.ts";
import { createUsers, type Users } from "./users.ts";

/** Everything of Bigin one tool call may use, over one connection, cancelled by one signal. */
export interface Bigin {
  records: Reading & Writing;
  metadata: Metadata;
  modules: Modules;
  users: Users;
}

export function createBigin(options: {
  maton: MatonHttp;
  /** The connection's id; asked only when something is sent. */
  connection: () => Promise<string>;
  cache: Cache;
  signal: AbortSignal;
}): Bigin {
  const http = createBiginHttp(options.maton, options.connection, options.signal);
  const metadata = createMetadata(http);
  const modules = createModules(metadata, options.cache, options.connection, options.signal);
  const reading = createReading(http);
  const plain = createWriting(http);
  const notes = createNoteWriting(http, reading, modules.resolve);
  const writing = (module: string) => (module === "Notes" ? notes : plain);
  return {
    records: {
      ...reading,
      insert: (module, ...rest) => writing(module).insert(module, ...rest),
      update: (module, ...rest) => writing(module).update(module, ...rest),
      upsert: (module, ...rest) => writing(module).upsert(module, ...rest),
      delete: (module, ...rest) => writing(module).delete(module, ...rest),
    },
    metadata,
    modules,
    users: createUsers(http),
  };
}
