import { createMiddleware } from 'hono/factory';
import { ApiError } from './api-error.ts';
import type { Environment } from './environment.ts';

/**
 * Refuses what comes from web pages: no page of another origin may use the server behind its user's back, be it by a plain form (which no CORS
 * stops) or by a name that leads to this machine (DNS rebinding). Programs send no Origin.
 *
 * @param hosts names under which the server is reached, without port, lower case
 * @param origins web pages that may use it: `https://chat.example.org`
 */
export function guardOrigin({ hosts, origins }: { hosts: readonly string[]; origins: readonly string[] }) {
  return createMiddleware<Environment>(async (c, next) => {
    const host = hostOf(c.req.header('host'));
    if (hosts.length > 0 && host !== undefined && !hosts.includes(host))
      throw new ApiError(403, `This server is not known as ${host}. Who runs it can allow that name.`);
    const origin = c.req.header('origin');
    if (origin === undefined) return next();
    const isOwn = hostOf(c.req.header('host')) !== undefined && origin === `http://${c.req.header('host')}`;
    if (!isOwn && !origins.includes(origin))
      throw new ApiError(403, `Web pages of ${origin} may not use this server. Who runs it can allow them.`);
    c.header('access-control-allow-origin', origin);
    c.header('vary', 'Origin');
    if (c.req.method === 'OPTIONS') {
      c.header('access-control-allow-methods', 'GET, POST, DELETE');
      c.header('access-control-allow-headers', 'authorization, content-type');
      c.header('access-control-max-age', '600');
      return c.body(null, 204);
    }
    return next();
  });
}

/** `[::1]:8080` is `::1`. */
function hostOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  return URL.parse(`http://${header}`)
    ?.hostname.toLowerCase()
    .replace(/^\[|\]$/g, '');
}
