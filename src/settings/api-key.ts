import { readFile, stat } from "node:fs/promises";
import { withoutKeyLike } from "../logging/redact.ts";
import { Failure } from "../shared/failure.ts";

/**
 * The server's own Maton key: the value that was set, or the content of a file that is read again whenever it
 * changes, for short-lived tokens. Fails with advice where there is none.
 */
export function createKeySource(set: {
  key: string | undefined;
  keyFile: string | undefined;
  /** Hears of all that was read from the file: it is secret, even where it is no key. */
  onRead?: (word: string) => void;
}): () => Promise<string> {
  const { keyFile, onRead } = set;
  const fromFile = keyFile ? createFileReader(keyFile, onRead) : undefined;
  return async () => {
    if (set.key) return usable(set.key, "MATON_API_KEY");
    if (!fromFile) throw noKey("No Maton API key is set.");
    return usable(await fromFile(), "MATON_API_KEY_FILE");
  };
}

/** What a header cannot carry would fail later, in an error that quotes it. */
function usable(key: string, source: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw noKey(`The key in ${source} holds spaces, line breaks or letters that no key has.`);
}

function createFileReader(file: string, onRead?: (word: string) => void): () => Promise<string> {
  // Whoever takes the one variable for the other has put the key itself here.
  const named = `The key file ${withoutKeyLike(file)}, named by MATON_API_KEY_FILE,`;
  let kept: { version: string; key: string } | undefined;
  return async () => {
    try {
      const { mtimeMs, size } = await stat(file);
      const version = `${mtimeMs} ${size}`;
      if (kept?.version !== version) {
        kept = { version, key: (await readFile(file, "utf8")).trim() };
        for (const word of kept.key.split(/\s+/)) onRead?.(word);
      }
    } catch (error) {
      throw noKey(`${named} ${whyUnreadable(error)}.`);
    }
    if (!kept.key) throw noKey(`${named} is empty.`);
    return kept.key;
  };
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "does not exist";
  return code ? `cannot be read (${code})` : "cannot be read";
}

function noKey(message: string): Failure {
  return new Failure({ origin: "caller", kind: "no_key", message });
}
