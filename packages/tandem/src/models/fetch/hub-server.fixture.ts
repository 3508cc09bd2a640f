import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServedFile {
  content: Buffer;
  /** Large files are redirected to the CDN and state their SHA-256, small ones are served in place with git's hash. */
  large: boolean;
  /** What the Hub claims, where it lies. */
  statedSha256?: string;
}

/**
 * A server that speaks the Hugging Face Hub's download protocol on loopback: `/OWNER/REPO/resolve/REVISION/PATH` with
 * `X-Linked-*` headers and a redirect to a second server, which knows Range. It can be told to misbehave.
 */
export class HubServer implements AsyncDisposable {
  readonly files = new Map<string, ServedFile>();
  /** `METHOD path range` of each request, in order. */
  readonly requests: string[] = [];
  /** Authorization headers that came to the CDN, where they have no business. */
  readonly leakedTokens: string[] = [];
  /** The next downloads are cut after so many bytes, one entry each, and not before `arrived`. */
  readonly cuts: number[] = [];
  /** Resolves when the client has so many bytes of the file: what is on its way when a connection breaks may be lost. */
  arrived: (bytes: number) => Promise<void> = async () => {};
  /** Downloads stall after this many bytes, until the promise resolves. */
  hold: { after: number; until: Promise<void> } | undefined;
  /** The next HTTP statuses of the CDN. */
  readonly failures: number[] = [];
  /** Sent with them. */
  retryAfter: string | undefined;
  token: string | undefined;
  bytesPerSecond = Number.POSITIVE_INFINITY;
  ignoreRange = false;
  endpoint = '';
  readonly #hub: Server;
  readonly #cdn: Server;

  private constructor() {
    this.#hub = createServer((request, response) => this.#serveHub(request, response));
    this.#cdn = createServer((request, response) => void this.#serveBytes(request, response));
  }

  static async start(): Promise<HubServer> {
    const server = new HubServer();
    await Promise.all([listen(server.#hub), listen(server.#cdn)]);
    server.endpoint = addressOf(server.#hub);
    return server;
  }

  downloads(): number {
    return this.requests.filter((request) => request.startsWith('GET /cdn')).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hub.closeAllConnections();
    this.#cdn.closeAllConnections();
    await Promise.all([close(this.#hub), close(this.#cdn)]);
  }

  #serveHub(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url}`);
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      response.writeHead(401).end();
      return;
    }
    const path = decodeURIComponent(request.url ?? '');
    if (path.startsWith('/old/name/')) {
      response.writeHead(307, { location: path.replace('/old/name/', '/owner/repo/') }).end();
      return;
    }
    const file = this.files.get(path);
    if (file === undefined) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
      return;
    }
    const common = { 'x-repo-commit': 'c0ffee'.padEnd(40, '0') };
    if (!file.large) {
      const etag = createHash('sha1')
        .update(`blob ${file.content.length}\0`)
        .update(file.content)
        .digest('hex');
      response.writeHead(200, { ...common, etag: `"${etag}"`, 'content-length': file.content.length });
      response.end(request.method === 'HEAD' ? undefined : file.content);
      return;
    }
    const sha256 = file.statedSha256 ?? createHash('sha256').update(file.content).digest('hex');
    response
      .writeHead(302, {
        ...common,
        'x-linked-size': file.content.length,
        'x-linked-etag': `"${sha256}"`,
        location: `${addressOf(this.#cdn)}/cdn${path}`,
      })
      .end();
  }

  async #serveBytes(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const range = request.headers.range;
    this.requests.push(`${request.method} ${request.url}${range === undefined ? '' : ` ${range}`}`);
    if (request.headers.authorization !== undefined) this.leakedTokens.push(request.headers.authorization);
    const failure = this.failures.shift();
    if (failure !== undefined) {
      response.writeHead(failure, this.retryAfter === undefined ? {} : { 'retry-after': this.retryAfter });
      response.end();
      return;
    }
    const content = this.files.get(decodeURIComponent(request.url ?? '').slice('/cdn'.length))?.content;
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    const from = this.ignoreRange || range === undefined ? 0 : Number(/bytes=(\d+)-/.exec(range)?.[1]);
    if (from >= content.length) {
      response.writeHead(416).end();
      return;
    }
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': content.length - from,
      ...(from > 0 && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
    });
    const until = Math.min(content.length, from + (this.cuts.shift() ?? content.length));
    const { hold } = this;
    const step = Math.min(65_536, this.bytesPerSecond / 20);
    for (let at = from; at < until && !response.destroyed; at += step) {
      if (hold && at >= hold.after) await hold.until;
      response.write(content.subarray(at, Math.min(until, at + step)));
      if (Number.isFinite(this.bytesPerSecond)) await sleep(50);
    }
    if (until < content.length) {
      await this.arrived(until);
      response.destroy();
    } else response.end();
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}
function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
