import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ApiError } from './api-error.ts';

/** The requests that bring files, as `METHOD PATH`: they are limited as they are written to disk. */
const filePaths = /^POST \/v1\/(?:files|uploads\/[^/]+\/parts)\/?$/;

/** Refuses larger requests before they are read. Routes that take files have limits of their own: their paths are passed over. */
export function limitBody(mostBytes: number): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: mostBytes,
    onError: () => {
      throw new ApiError(413, `The request is larger than ${mostBytes} bytes.`, {
        code: 'request_too_large',
      });
    },
  });
  return (c, next) => (filePaths.test(`${c.req.method} ${c.req.path}`) ? next() : limit(c, next));
}
