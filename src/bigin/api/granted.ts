import { Failure } from "../../shared/failure.ts";

/** What is asked for, or `instead` where the connection was not granted it. */
export async function grantedOr<T, U>(
  asked: Promise<T>,
  instead: U,
  kind = "scope_missing",
): Promise<T | U> {
  return asked.catch((error: unknown) => {
    if (error instanceof Failure && error.facts.kind === kind) return instead;
    throw error;
  });
}
