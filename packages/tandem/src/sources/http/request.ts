import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { type Duplex, pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { SourceError } from '../../core/errors/source-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';

export interface HttpRequest {
  url: URL;
  headers: Record<string, string>;
  /** Names are looked up with it, and what it gives is connected to. */
  lookup: LookupFunction;
  agents: { http: http.Agent; https: https.Agent };
  timeoutMs: number;
  /** Of the body, decompressed. */
  maxBytes: number;
  /** Asked before the body of a 2xx is read; a body that is not wanted is not downloaded. */
  wantsBody?: (headers: IncomingHttpHeaders, url: URL) => boolean;
  signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  url: URL;
  status: number;
  headers: IncomingHttpHeaders;
  /** Decompressed; empty unless the status is 2xx and the body was wanted. */
  body: Buffer;
}

/** A response that did not come: the connection failed, broke off or took too long. Another try may succeed. */
export class ConnectionFailure extends SourceError {}

/**
 * One GET, without redirects. Node's `fetch` offers no way to say which address a name may lead to; `node:http` does.
 * @throws ConnectionFailure, SourceError (too large, a private address), NetworkBlockedError
 */
export async function request(options: HttpRequest): Promise<HttpResponse> {
  const { url, signal, timeoutMs } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const both = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    const response = await send(options, both);
    const { statusCode: status = 0, headers } = response;
    const isWanted = status >= 200 && status < 300 && (options.wantsBody?.(headers, url) ?? true);
    if (!isWanted) {
      discard(response);
      return { url, status, headers, body: Buffer.alloc(0) };
    }
    return { url, status, headers, body: await read(response, options, both) };
  } catch (cause) {
    signal?.throwIfAborted();
    if (TandemError.isInstance(cause)) throw cause;
    // An error from the check before connecting may come wrapped.
    if (TandemError.isInstance((cause as Error).cause)) throw (cause as Error).cause;
    const reason = timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(cause);
    throw new ConnectionFailure({
      uri: url.href,
      message: `${url.href} cannot be read: ${reason}.`,
      hint: 'Check the address and the connection, then run the same command again.',
      cause,
    });
  }
}

function send(options: HttpRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, headers, lookup, agents } = options;
  const isSecure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const sent = (isSecure ? https : http).get(
      url,
      {
        headers: { 'accept-encoding': 'gzip, deflate, br', ...headers },
        lookup,
        agent: isSecure ? agents.https : agents.http,
        signal,
      },
      resolve,
    );
    sent.on('error', reject);
  });
}

async function read(response: IncomingMessage, options: HttpRequest, signal: AbortSignal): Promise<Buffer> {
  const { url, maxBytes } = options;
  const tooLarge = () => {
    response.destroy();
    return new SourceError({
      uri: url.href,
      message: `${url.href} is larger than ${(maxBytes / 2 ** 20).toFixed(1)} MiB.`,
      hint: 'Raise `maxBytes` of the source, or exclude the address.',
    });
  };
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of decompress(response)) {
    signal.throwIfAborted();
    size += chunk.length;
    // A few kilobytes of gzip can be gigabytes: what counts is what comes out.
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function decompress(response: IncomingMessage): AsyncIterable<Buffer> {
  const through = decompressor((response.headers['content-encoding'] ?? '').trim().toLowerCase());
  // The reader gets the error from wherever in the pipeline it comes.
  return through ? (pipeline(response, through, () => {}) as unknown as Readable) : response;
}

function decompressor(encoding: string): Duplex | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return undefined;
  }
}

/** Reads on to the end of a short body, so that the connection can be used again; a long one is not worth it. */
function discard(response: IncomingMessage): void {
  response.on('error', () => {});
  if (Number(response.headers['content-length'] ?? Number.POSITIVE_INFINITY) <= 65_536) response.resume();
  else if ([204, 304].includes(response.statusCode ?? 0)) response.resume();
  else response.destroy();
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name cannot be looked up';
    case 'ECONNREFUSED':
      return 'nothing answers there';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return 'the connection broke off';
    case 'ETIMEDOUT':
      return 'the connection took too long';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no way to its network';
    default:
      if (/^(CERT|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code ?? '')) {
        return `its certificate is not to be trusted (${code})`;
      }
      return message === '' ? String(code ?? cause) : message;
  }
}
