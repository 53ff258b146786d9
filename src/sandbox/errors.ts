/** A whole-request refusal in Zoho's shape: string `code`, `details`, `message`, `status: "error"`. */
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

/** A refusal by the gateway itself: Maton's envelope, whose `code` is a number. */
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

export const errorBody = (error: BiginError) => ({
  code: error.code,
  details: error.details,
  message: error.message,
  status: "error",
});

export const matonBody = (error: MatonError) => ({
  error: {
    message: error.message,
    ...(error.type === undefined ? {} : { type: error.type }),
    code: error.status,
  },
});

export const unknownPath = () =>
  new BiginError(
    404,
    "INVALID_URL_PATTERN",
    "Please check if the URL trying to access is a correct one",
  );

export const wrongVerb = () =>
  new BiginError(400, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one");

export const unknownModule = () =>
  new BiginError(400, "INVALID_MODULE", "the module name given seems to be invalid", {
    resource_path_index: 0,
  });

export const missingParam = (name: string) =>
  new BiginError(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {
    param_name: name,
  });

export const scopeMismatch = () =>
  new BiginError(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL");

export const limitExceeded = (message: string, limit: number, more: Record<string, unknown> = {}) =>
  new BiginError(400, "LIMIT_EXCEEDED", message, { limit, ...more });

export const invalidData = (details: Record<string, unknown>, message = "invalid data") =>
  new BiginError(400, "INVALID_DATA", message, details);

export const invalidId = (id: string) => invalidData({ id }, "the id given seems to be invalid");

export const ambiguous = (...names: string[]) =>
  new BiginError(400, "AMBIGUITY_DURING_PROCESSING", "Ambiguity while processing the request", {
    ambiguity_due_to: names.map((param_name) => ({ param_name })),
  });

export const patternNotMatched = (param_name: string) =>
  new BiginError(400, "PATTERN_NOT_MATCHED", "please check whether the input values are correct", {
    param_name,
  });
