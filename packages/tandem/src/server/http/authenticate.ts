import { createMiddleware } from 'hono/factory';
import type { ApiKeys } from '../keys/api-keys.ts';
import { localCaller, mayDo, type Scope } from '../keys/caller.ts';
import { ApiError } from './api-error.ts';
import type { Environment } from './environment.ts';

/** Finds out who asks. Without keys whoever reaches the server may do everything: then it listens on this machine alone. */
export function authenticate(keys: ApiKeys) {
  return createMiddleware<Environment>(async (c, next) => {
    c.set('caller', callerOf(c.req.header('authorization'), keys));
    await next();
  });
}

function callerOf(header: string | undefined, keys: ApiKeys) {
  if (!keys.hasAny()) return localCaller;
  const secret = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
  if (secret === undefined)
    throw new ApiError(
      401,
      'This server wants an API key. Send it in the header "Authorization: Bearer KEY".',
      {
        code: 'invalid_api_key',
        headers: { 'www-authenticate': 'Bearer' },
      },
    );
  const caller = keys.callerOf(secret);
  if (!caller)
    throw new ApiError(401, 'The API key is not known here, or has expired or been revoked.', {
      code: 'invalid_api_key',
      headers: { 'www-authenticate': 'Bearer' },
    });
  return caller;
}

/** For a route: callers whose key does not have the scope are refused, and told which it is. */
export function needs(scope: Scope) {
  return createMiddleware<Environment>(async (c, next) => {
    if (!mayDo(c.get('caller'), scope))
      throw new ApiError(403, `This API key may not do that: it lacks the scope "${scope}".`, {
        code: 'insufficient_permissions',
      });
    await next();
  });
}
