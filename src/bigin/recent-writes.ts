/**
 * The records an account wrote within the last minute: Bigin's search index lags 10–20 s behind writes
 * (docs/reference/bigin-api.md §1.9), so searches look these up separately.
 */
export interface RecentWrites {
  note(connection: string, module: string, ids: readonly string[]): Promise<void>;
  /** Ids of the module's records written in the last minute. */
  ids(connection: string, module: string): Promise<ReadonlySet<string>>;
}
