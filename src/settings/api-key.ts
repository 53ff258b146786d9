import { readFile, stat } from "node:fs/promises";
import { withoutKeyLike } from "../logging/redact.ts";
import { Failure } from "../shared/failure.ts";

/**
 * Returns a function that reads the server's own Maton key: the value that was set, or the content of a file, which is
 * read again when it changes because it may hold a short-lived token. The function rejects with `no_key` if there is no
 * usable key.
 */
export function createKeySource(set: {
  key: string | undefined;
  keyFile: string | undefined;
  /** Gets every word of the file, to redact it: it may be secret even if it is not a key. */
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

/** Rejects a key that cannot be sent in a header. `fetch` would reject it too, but with an error that quotes it. */
function usable(key: string, source: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw noKey(`The key in ${source} contains spaces, line breaks or characters that no key has.`);
}

function createFileReader(file: string, onRead?: (word: string) => void): () => Promise<string> {
  // Users sometimes put the key itself in MATON_API_KEY_FILE: do not echo it.
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
