import { bodyLimit } from 'hono/body-limit';
import { ApiError } from './api-error.ts';

/** Refuses larger requests before they are read. Routes that take files have limits of their own: their paths are passed over. */
export function limitBody(mostBytes: number) {
  const limit = bodyLimit({
    maxSize: mostBytes,
    onError: () => {
      throw new ApiError(413, `The request is larger than ${mostBytes} bytes.`, {
        code: 'request_too_large',
      });
    },
  });
  return limit;
}
