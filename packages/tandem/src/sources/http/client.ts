import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { SourceError } from '../../core/errors/source-error.ts';
import { retryAfterMilliseconds } from '../../core/retry-after.ts';
import { withWww } from '../addresses.ts';
import { type AllowPrivate, checkLiteralAddress, publicLookup } from './public-address.ts';
import { ConnectionFailure, type HttpRequest, type HttpResponse, request } from './request.ts';

export interface HttpClientOptions {
  /** Lower case, without port. No other host is ever asked, redirects included. */
  hosts: readonly string[];
  /** Where the source begins: its hosts, with and without `www.`, belong to the source at the same port only. */
  site?: URL;
  /** Private addresses may be asked: all, or those of these hosts. */
  allowPrivate: AllowPrivate;
  requestsPerSecond: number;
  concurrency: number;
  timeoutSeconds: number;
  maxBytes: number;
  /** Sent to `headersFor` only: a token must not follow a redirect to someone else. */
  headers?: Record<string, string>;
  headersFor?: URL;
  /** How names are looked up. Default: the system's way. */
  resolve?: LookupFunction;
  /** The first wait before another try, doubled each time. Default 1 s. */
  retryMs?: number;
}

export interface GetOptions extends Pick<HttpRequest, 'wantsBody' | 'signal'> {
  headers?: Record<string, string>;
  /** Called for every address on the way; a returned sentence says why it must not be visited. */
  mayVisit?: (url: URL) => Promise<string | undefined>;
}

/** An absolute address as it is asked for: without fragment, and without the `?` of an empty query. */
export function parseAddress(text: string, base?: URL): URL | null {
  const url = URL.parse(text, base);
  if (url === null) return null;
  url.hash = '';
  if (url.search === '') url.search = '';
  return url;
}

export const userAgent = 'Tandem/0.1';
const maxRedirects = 5;
const maxTries = 4;
/** A server that asks to wait longer than this is not asked again before the next ingest. */
export const maxWaitMs = 120_000;

/** An address that a redirect leads to and that must not be visited. */
export class NotVisited extends SourceError {}

/** GET for one source: only its hosts, never faster than they allow, following redirects and retrying after short outages. */
export class HttpClient implements Disposable {
  readonly #options: HttpClientOptions;
  readonly #agents: HttpRequest['agents'];
  readonly #lookup: LookupFunction;
  readonly #gates = new Map<string, HostGate>();

  constructor(options: HttpClientOptions) {
    this.#options = options;
    const keep = { keepAlive: true, maxSockets: options.concurrency };
    this.#agents = { http: new http.Agent(keep), https: new https.Agent(keep) };
    this.#lookup = publicLookup(options.allowPrivate, options.resolve);
  }

  has(url: URL): boolean {
    const { hosts, site } = this.#options;
    const host = url.hostname.toLowerCase();
    if (!/^https?:$/.test(url.protocol)) return false;
    // Another port is another site. The ports that http and https have by themselves are both written as none.
    return hosts.includes(host) || (site?.port === url.port && withWww(site.hostname).includes(host));
  }

  /** Seconds that a host wants between requests, where it says so (robots.txt). */
  slowDown(host: string, seconds: number): void {
    const gate = this.#gate(host);
    gate.intervalMs = Math.max(gate.intervalMs, seconds * 1000);
  }

  /**
   * The response at the end of the redirects, whatever its status; busy servers (429, 503) and connections that break are
   * tried again.
   * @throws SourceError for everything that is no response
   */
  async get(url: URL, options: GetOptions = {}): Promise<HttpResponse> {
    const seen = new Set<string>();
    for (let at = url; ; ) {
      this.#check(at, url);
      const refused = await options.mayVisit?.(at);
      if (refused !== undefined) {
        throw new NotVisited({
          uri: url.href,
          message: at.href === url.href ? refused : `${url.href} leads to ${at.href}: ${refused}`,
        });
      }
      seen.add(at.href);
      const response = await this.#getPatiently(at, options);
      const { location } = response.headers;
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
      const next = parseAddress(location, at);
      if (next === null)
        throw redirectProblem(url, `sends on to ${JSON.stringify(location)}, which is no address`);
      if (seen.has(next.href)) throw redirectProblem(url, 'sends on in a circle');
      if (seen.size > maxRedirects) throw redirectProblem(url, `sends on more than ${maxRedirects} times`);
      at = next;
    }
  }

  #check(at: URL, from: URL): void {
    if (!this.has(at)) {
      throw new NotVisited({
        uri: from.href,
        message: `${from.href} leads to ${at.origin}, which is not part of the source.`,
        hint: `Add ${JSON.stringify(at.hostname)} to \`hosts\` of the source if it is.`,
      });
    }
    checkLiteralAddress(at.hostname, this.#options.allowPrivate);
  }

  /** Waits twice as long before each further try, and never less than the server asks for. */
  async #getPatiently(url: URL, options: GetOptions): Promise<HttpResponse> {
    const { retryMs = 1000 } = this.#options;
    const gate = this.#gate(url.host);
    const attempt = async () => {
      const response = await this.#getOnce(url, options);
      if (![429, 502, 503, 504].includes(response.status)) return response;
      const busy = new BusyServer(response);
      // Set before the next request begins: all other requests to this host wait, too.
      if (busy.asksToWait <= maxWaitMs) gate.pause(busy.asksToWait);
      throw busy;
    };
    try {
      return await pRetry(() => gate.pass(attempt, options.signal), {
        retries: maxTries - 1,
        minTimeout: retryMs,
        signal: options.signal,
        // A connection that breaks twice will hardly work the next time.
        shouldRetry: ({ error, attemptNumber }) =>
          error instanceof BusyServer
            ? error.asksToWait <= maxWaitMs
            : error instanceof ConnectionFailure && attemptNumber === 1,
        onFailedAttempt: ({ error, retryDelay }) => {
          if (error instanceof BusyServer && error.asksToWait <= maxWaitMs) gate.pause(retryDelay);
        },
      });
    } catch (error) {
      if (error instanceof BusyServer) return error.response;
      throw error;
    }
  }

  #getOnce(url: URL, { headers, wantsBody, signal }: GetOptions): Promise<HttpResponse> {
    const { timeoutSeconds, maxBytes, headersFor } = this.#options;
    const own = headersFor?.origin === url.origin ? this.#options.headers : undefined;
    return request({
      url,
      headers: { 'user-agent': userAgent, ...own, ...headers },
      lookup: this.#lookup,
      agents: this.#agents,
      timeoutMs: timeoutSeconds * 1000,
      maxBytes,
      ...(wantsBody && { wantsBody }),
      signal,
    });
  }

  #gate(host: string): HostGate {
    let gate = this.#gates.get(host);
    if (!gate) {
      gate = new HostGate(this.#options.concurrency, 1000 / this.#options.requestsPerSecond);
      this.#gates.set(host, gate);
    }
    return gate;
  }

  [Symbol.dispose](): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

/** Lets so many requests run at once, and none start sooner than `intervalMs` after the one before. */
class HostGate {
  intervalMs: number;
  #places: number;
  #openAt = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(concurrency: number, intervalMs: number) {
    this.#places = concurrency;
    this.intervalMs = intervalMs;
  }

  pause(ms: number): void {
    this.#openAt = Math.max(this.#openAt, performance.now() + ms);
  }

  async pass<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    if (this.#places === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#places--;
    try {
      signal?.throwIfAborted();
      // Another request may have been asked to wait meanwhile: check again after each sleep.
      for (let wait = this.#openAt - performance.now(); wait > 0; wait = this.#openAt - performance.now()) {
        await sleep(wait, undefined, signal && { signal });
      }
      this.#openAt = performance.now() + this.intervalMs;
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#places++;
    }
  }
}

/** A response that asks to come back later. */
class BusyServer extends Error {
  readonly response: HttpResponse;
  /** Milliseconds; 0 where it does not say. */
  readonly asksToWait: number;

  constructor(response: HttpResponse) {
    super(`${response.url.href} answered ${response.status}`);
    this.response = response;
    this.asksToWait = retryAfterMilliseconds(response.headers['retry-after']) ?? 0;
  }
}

function redirectProblem(url: URL, what: string): SourceError {
  return new SourceError({
    uri: url.href,
    message: `${url.href} ${what}.`,
    hint: 'Open it in a browser and give the address that it ends at, or exclude it.',
  });
}

/** What a status other than success means, as the end of a sentence. */
export function statusReason({ status, headers }: Pick<HttpResponse, 'status' | 'headers'>): string {
  switch (status) {
    case 401:
      return 'it wants a login (401)';
    case 403:
      return 'it is forbidden (403)';
    case 404:
    case 410:
      return `it is not there (${status})`;
    case 429: {
      const after = headers['retry-after'];
      return `there were too many requests (429)${after ? `; the server asks to come back after ${after}${/^\d+$/.test(after) ? ' s' : ''}` : ''}`;
    }
    default:
      return status >= 500 ? `the server failed (${status})` : `the server answered ${status}`;
  }
}
