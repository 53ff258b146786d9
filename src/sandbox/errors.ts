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

/** JSON drops `type` where it is undefined. */
export function matonBody(error: MatonError): Details {
  return { error: { message: error.message, type: error.type, code: error.status } };
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
