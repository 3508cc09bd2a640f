import robotsParser from 'robots-parser';
import { SourceError } from '../../core/errors/source-error.ts';
import { type HttpClient, maxWaitMs, NotVisited, statusReason, userAgent } from '../http/client.ts';

/** What a site's robots.txt says (RFC 9309), read once for each origin. */
export interface Robots {
  /** Why this address must not be visited; undefined where it may be. Throws SourceError where robots.txt cannot be fetched. */
  refusal(url: URL, signal?: AbortSignal): Promise<string | undefined>;
  /** The sitemaps that the site names. */
  sitemaps(origin: URL, signal?: AbortSignal): Promise<string[]>;
}

interface Rules {
  isAllowed(url: string, agent: string): boolean | undefined;
  getCrawlDelay(agent: string): number | undefined;
  getSitemaps(): string[];
}
/** The package is a CommonJS function; its types say that it has a default export. */
const parseRobots = robotsParser as unknown as (url: string, text: string) => Rules;

export function robotsOf(client: HttpClient, options: { obey: boolean }): Robots {
  const read = new Map<string, Promise<Rules | undefined>>();

  function rulesOf(url: URL, signal?: AbortSignal): Promise<Rules | undefined> {
    let rules = read.get(url.origin);
    if (!rules) {
      rules = readRules(url, signal);
      read.set(url.origin, rules);
    }
    return rules;
  }

  async function readRules(url: URL, signal?: AbortSignal): Promise<Rules | undefined> {
    const address = new URL('/robots.txt', url);
    let response: Awaited<ReturnType<HttpClient['get']>>;
    try {
      response = await client.get(address, signal && { signal });
    } catch (error) {
      // A robots.txt that redirects to another host says nothing about this site.
      if (error instanceof NotVisited) return undefined;
      throw error;
    }
    const { status } = response;
    if (status >= 500 || status === 429) {
      // RFC 9309: where robots.txt cannot be fetched, no visit is allowed.
      throw new SourceError({
        uri: address.href,
        message: `${address.href} cannot be read (${statusReason(response)}), so ${url.origin} is not visited.`,
        hint: 'Try again later; for a site of your own, `robots: false` does without it.',
      });
    }
    if (status < 200 || status >= 300) return undefined;
    // The standard has parsers read 500 KiB at least.
    const rules = parseRobots(address.href, response.body.subarray(0, 2 ** 20).toString());
    const delay = options.obey ? rules.getCrawlDelay(userAgent) : undefined;
    if (delay !== undefined && delay * 1000 > maxWaitMs) {
      throw new SourceError({
        uri: address.href,
        message: `${address.href} wants ${delay} seconds between two requests, and Tandem waits ${maxWaitMs / 1000} at most, so ${url.origin} is not visited.`,
        hint: 'Ask who runs the site for its documents in another form; for a site of your own, `robots: false` does without it.',
      });
    }
    if (delay !== undefined && delay > 0) client.slowDown(url.host, delay);
    return rules;
  }

  return {
    async refusal(url, signal) {
      if (!options.obey || url.pathname === '/robots.txt') return undefined;
      const rules = await rulesOf(url, signal);
      return rules?.isAllowed(url.href, userAgent) === false
        ? 'the site does not want it visited (robots.txt).'
        : undefined;
    },
    async sitemaps(origin, signal) {
      return (await rulesOf(origin, signal))?.getSitemaps() ?? [];
    },
  };
}
