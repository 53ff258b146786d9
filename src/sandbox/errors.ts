import type { Refusal, Switches } from "./switches.ts";

/** An error of a whole request in Zoho's shape: string `code`, `details`, `message`, `status: "error"`. */
export class BiginError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(
    status: number,
    code: string,
    message: string,
    details: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = "BiginError";
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** An error of the gateway itself, in Maton's shape: `code` is a number. */
export class MatonError extends Error {
  readonly status: number;
  readonly type: string | undefined;

  constructor(status: number, message: string, type?: string) {
    super(message);
    this.name = "MatonError";
    this.status = status;
    this.type = type;
  }
}

type Details = Record<string, unknown>;

export function errorBody(error: BiginError): Details {
  return {
    code: error.code,
    details: error.details,
    message: error.message,
    status: "error",
  };
}

/** An error of Maton's in one of the forms that were seen. JSON drops `type` where it is undefined. */
export function matonBody(error: MatonError, form: Switches["matonErrors"]): Details {
  const { message, type, status: code } = error;
  if (form === "object") return { error: { message, type, code } };
  return { [form]: message };
}

export function unknownPath(): BiginError {
  const message = "Please check if the URL trying to access is a correct one";
  return new BiginError(404, "INVALID_URL_PATTERN", message);
}

export function wrongVerb(): BiginError {
  const message = "The http request method type is not a valid one";
  return new BiginError(400, "INVALID_REQUEST_METHOD", message);
}

export function unknownModule(): BiginError {
  const message = "the module name given seems to be invalid";
  return new BiginError(400, "INVALID_MODULE", message, { resource_path_index: 0 });
}

export function missingParam(param_name: string): BiginError {
  const message = "One of the expected parameter is missing";
  return new BiginError(400, "REQUIRED_PARAM_MISSING", message, { param_name });
}

export function scopeMismatch(): BiginError {
  return new BiginError(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL");
}

export function limitExceeded(message: string, limit: number, more: Details = {}): BiginError {
  return new BiginError(400, "LIMIT_EXCEEDED", message, { limit, ...more });
}

export function invalidData(details: Details, message = "invalid data"): BiginError {
  return new BiginError(400, "INVALID_DATA", message, details);
}

export function invalidId(id: string): BiginError {
  return invalidData({ id }, "the id given seems to be invalid");
}

export function ambiguous(...names: string[]): BiginError {
  const message = "Ambiguity while processing the request";
  return new BiginError(400, "AMBIGUITY_DURING_PROCESSING", message, {
    ambiguity_due_to: names.map((param_name) => ({ param_name })),
  });
}

export function patternNotMatched(param_name: string): BiginError {
  const message = "please check whether the input values are correct";
  return new BiginError(400, "PATTERN_NOT_MATCHED", message, { param_name });
}

/** What the connection's user may not do, or what this edition of Bigin does not have. */
export function refusal({ status, code }: Refusal): BiginError {
  if (status === 403)
    return new BiginError(403, code ?? "NO_PERMISSION", "permission denied", { permissions: [] });
  if (status === 404)
    return new BiginError(404, code ?? "INVALID_URL_PATTERN", "Please check the URL");
  return new BiginError(400, code ?? "FEATURE_NOT_SUPPORTED", "feature not supported");
}

export function tooManyRequests(): BiginError {
  return new BiginError(429, "TOO_MANY_REQUESTS", "too many requests at the same time");
}
