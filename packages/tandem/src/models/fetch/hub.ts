import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { retryAfterMilliseconds } from '../../core/retry-after.ts';

/** How long the Hub may take to say that it is there, before the next source is tried. */
const reachTimeout = 5_000;
/** How long a download may receive nothing before it is cut and resumed. */
const stallTimeout = 30_000;
const attempts = 5;
/** A server that asks to wait longer than this is not asked again; the next source is tried. */
const longestWait = 120_000;

export interface HubFile {
  repository: string;
  revision: string;
  path: string;
}

/** What the Hub says of a file before it is downloaded. */
export interface HubFileInfo {
  size: number | undefined;
  /** Stated for large files (LFS). */
  sha256: string | undefined;
  /** Git's own hash of a small file. */
  gitBlobSha1: string | undefined;
  commit: string | undefined;
}

/** Why the Hub did not give a file. `missing` means that it answered: there is none. */
export class HubError extends Error {
  readonly missing: boolean;

  constructor(message: string, options: { missing?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.missing = options.missing ?? false;
  }
}

/** The Hub asks to come back later. */
class HubBusy extends Error {
  /** Milliseconds; 0 where it does not say. */
  readonly asksToWait: number;

  constructor({ status, headers }: Response) {
    const asked = headers.get('retry-after');
    super(
      `the Hub answered ${status}${asked === null ? '' : ` and asks to come back after ${asked}${/^\d+$/.test(asked) ? ' s' : ''}`}`,
    );
    this.asksToWait = retryAfterMilliseconds(asked) ?? 0;
  }
}

function endpoint(): string {
  return (process.env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');
}

/** `https://huggingface.co/OWNER/REPO/resolve/REVISION/PATH`, the address that redirects to the file's bytes. */
export function hubUrl(file: HubFile): string {
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  return `${endpoint()}/${file.repository}/resolve/${encodeURIComponent(file.revision)}/${path}`;
}

function headers(): Record<string, string> {
  const token = process.env.HF_TOKEN;
  return {
    'user-agent': 'tandem',
    'accept-encoding': 'identity',
    ...(token && { authorization: `Bearer ${token}` }),
  };
}

/** Asks the Hub for a file's size and hashes. Throws HubError; a Hub that does not answer within 5 s is not there. */
export async function describeHubFile(file: HubFile, signal?: AbortSignal): Promise<HubFileInfo> {
  let url = hubUrl(file);
  for (let hop = 0; hop < 5; hop++) {
    const response = await reach(url, signal);
    // A renamed repository is a relative redirect and to be followed; an absolute one leads to the bytes and ends here.
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location?.startsWith('/')) {
      if (!response.headers.has('x-linked-etag') && !response.headers.has('x-linked-size')) {
        url = new URL(location, url).href;
        continue;
      }
    }
    if (response.status >= 400) throw refusal(file, response.status);
    const linked = response.headers.has('x-linked-etag');
    const etag = (response.headers.get('x-linked-etag') ?? response.headers.get('etag') ?? '')
      .replace(/^W\//, '')
      .replaceAll('"', '');
    const size = Number(
      response.headers.get('x-linked-size') ?? (linked ? Number.NaN : response.headers.get('content-length')),
    );
    return {
      size: Number.isFinite(size) && size > 0 ? size : undefined,
      sha256: /^[0-9a-f]{64}$/.test(etag) ? etag : undefined,
      gitBlobSha1: /^[0-9a-f]{40}$/.test(etag) ? etag : undefined,
      commit: response.headers.get('x-repo-commit') ?? undefined,
    };
  }
  throw new HubError(`${url} redirects in a circle`);
}

async function reach(url: string, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(reachTimeout);
  try {
    return await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      headers: headers(),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new HubError(
      timeout.aborted
        ? `${endpoint()} did not answer within ${reachTimeout / 1000} s`
        : `${endpoint()} cannot be reached (${reason(cause)})`,
      { cause },
    );
  }
}

function refusal(file: HubFile, status: number): HubError {
  const where = `${file.repository}/${file.path}`;
  if (status === 401 || status === 403) {
    return new HubError(
      `the Hub refuses ${where} (${status}): the repository is private, does not exist, or its licence must be accepted on its page first; then set HF_TOKEN`,
    );
  }
  if (status === 404)
    return new HubError(`the Hub has no ${where} at ${file.revision} (404)`, { missing: true });
  return new HubError(`the Hub answered ${status} for ${where}`);
}

/**
 * Downloads a file to `target`, resuming what a broken download left there, and returns its SHA-256 and git hash.
 * Connections that break or stall are resumed, up to five times without a new byte; a busy Hub is asked again when it
 * says. Throws HubError.
 */
export async function downloadHubFile(
  file: HubFile,
  target: string,
  options: { size: number | undefined; onBytes: (bytes: number) => void; signal?: AbortSignal },
): Promise<{ sha256: string; gitBlobSha1: string; size: number }> {
  await mkdir(dirname(target), { recursive: true });
  // Not by p-retry, as in `sources/http/client.ts`: it counts failures in all, and a download of gigabytes over a bad line has many.
  // Here the count and the wait begin again with each new byte.
  let failures = 0;
  for (;;) {
    options.signal?.throwIfAborted();
    const before = await sizeOf(target);
    try {
      if (options.size === undefined || before !== options.size)
        await transfer(file, target, before, options);
      return await hashesOf(target, options.signal);
    } catch (cause) {
      options.signal?.throwIfAborted();
      if (cause instanceof HubError || isDiskError(cause)) throw cause;
      const asksToWait = cause instanceof HubBusy ? cause.asksToWait : 0;
      if (asksToWait > longestWait) throw new HubError(reason(cause), { cause });
      failures = (await sizeOf(target)) > before ? 1 : failures + 1;
      if (failures >= attempts) {
        throw new HubError(`the download of ${file.path} broke off ${attempts} times (${reason(cause)})`, {
          cause,
        });
      }
      const wait = Math.max(250 * 2 ** (failures - 1), asksToWait);
      await sleep(wait, undefined, options.signal && { signal: options.signal });
    }
  }
}

async function transfer(
  file: HubFile,
  target: string,
  from: number,
  options: { size: number | undefined; onBytes: (bytes: number) => void; signal?: AbortSignal },
): Promise<void> {
  const stalled = new AbortController();
  const restart = () => setTimeout(() => stalled.abort(new Error('no data for 30 s')), stallTimeout);
  let timer = restart();
  try {
    const response = await fetch(hubUrl(file), {
      headers: { ...headers(), ...(from > 0 && { range: `bytes=${from}-` }) },
      signal: options.signal ? AbortSignal.any([options.signal, stalled.signal]) : stalled.signal,
    });
    if (response.status === 416) {
      // What lies here is longer than the file: it is not the beginning of it.
      await response.body?.cancel();
      await rm(target, { force: true });
      throw new Error('the partial download did not fit');
    }
    if (response.status === 429 || response.status >= 500) {
      await response.body?.cancel();
      throw new HubBusy(response);
    }
    if (!response.ok) throw refusal(file, response.status);
    const resumed = response.status === 206;
    if (resumed && !response.headers.get('content-range')?.startsWith(`bytes ${from}-`)) {
      throw new HubError(`the Hub resumed ${file.path} at another place than asked`);
    }
    await using output = await open(target, resumed ? 'a' : 'w');
    let done = resumed ? from : 0;
    options.onBytes(done);
    for await (const chunk of response.body ?? []) {
      clearTimeout(timer);
      timer = restart();
      await output.writeFile(chunk as Uint8Array);
      done += (chunk as Uint8Array).length;
      options.onBytes(done);
    }
    if (options.size !== undefined && done < options.size) throw new Error('the connection was cut');
    await output.sync();
  } finally {
    clearTimeout(timer);
  }
}

async function hashesOf(path: string, signal?: AbortSignal) {
  const size = await sizeOf(path);
  const sha256 = createHash('sha256');
  const git: Hash = createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) })) {
    sha256.update(chunk as Uint8Array);
    git.update(chunk as Uint8Array);
  }
  return { sha256: sha256.digest('hex'), gitBlobSha1: git.digest('hex'), size };
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function isDiskError(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS'].includes(
    (error as NodeJS.ErrnoException)?.code ?? '',
  );
}

/** fetch() hides the reason in `cause`. */
function reason(error: unknown): string {
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}
