import { ContextOverflowError } from '../../core/errors/context-overflow-error.ts';
import { DisposedError } from '../../core/errors/disposed-error.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { ProviderError } from '../../core/errors/provider-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';

/** The statuses that errors are answered with. */
export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 500 | 502 | 503;

/** What an error says beside its sentence. */
export interface ApiErrorOptions {
  /** The member of the request that is at fault. */
  param?: string | undefined;
  /** Machine-readable, such as `model_not_found`. */
  code?: string | undefined;
  /** After how many seconds it is worth trying again. */
  retryAfter?: number | undefined;
  /** Further headers of the answer. */
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** An error that a client is told of, in the form of OpenAI's API. */
export class ApiError extends Error {
  readonly status: ErrorStatus;
  readonly options: ApiErrorOptions;

  /** @param message one clear sentence: what, where, what to do */
  constructor(status: ErrorStatus, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiError';
    this.status = status;
    this.options = options;
  }

  /** The body: https://platform.openai.com/docs/guides/error-codes */
  get body() {
    const { param = null, code = null } = this.options;
    return { error: { message: this.message, type: typeOf(this.status), param, code } };
  }
}

/** Something named in the request is not there. */
export function notFound(
  what: string,
  { param, code }: Pick<ApiErrorOptions, 'param' | 'code'> = {},
): ApiError {
  return new ApiError(404, what, { param, code });
}

/** Any error as one that may be told: Tandem's own sentences are, of all others only that something failed. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (ContextOverflowError.isInstance(error))
    return new ApiError(400, sentencesOf(error), {
      code: 'context_length_exceeded',
      param: 'messages',
      cause: error,
    });
  if (InvalidInputError.isInstance(error)) return new ApiError(400, sentencesOf(error), { cause: error });
  if (DisposedError.isInstance(error))
    return new ApiError(503, 'The server is shutting down. Try again in a moment.', {
      retryAfter: 5,
      cause: error,
    });
  if (ProviderError.isInstance(error)) return new ApiError(502, sentencesOf(error), { cause: error });
  if (TandemError.isInstance(error))
    return new ApiError(error.category === 'user' ? 400 : 503, sentencesOf(error), {
      code: error.code,
      cause: error,
    });
  return new ApiError(500, 'The server had an error while it worked on your request. Its log says more.', {
    cause: error,
  });
}

const sentencesOf = ({ message, hint }: TandemError) => (hint === undefined ? message : `${message} ${hint}`);

function typeOf(status: ErrorStatus): string {
  if (status === 429) return 'rate_limit_error';
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
