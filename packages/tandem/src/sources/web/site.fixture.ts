import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Page =
  | string
  | {
      status?: number;
      headers?: Record<string, string>;
      body?: string | Buffer;
    }
  | ((request: IncomingMessage, response: ServerResponse) => Page | undefined);

/** A site on loopback whose pages a test changes as it goes; a page is HTML unless it says otherwise. */
export class Site implements AsyncDisposable {
  /** By path with query. A function may answer by itself and return nothing. */
  readonly pages = new Map<string, Page>();
  /** Requests so far: `GET /a 200`, in the order of the answers. */
  readonly requests: string[] = [];
  origin = '';
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const address = request.url ?? '/';
      response.on('close', () => {
        this.requests.push(`${request.method} ${address} ${response.statusCode}`);
      });
      let page = this.pages.get(address);
      if (typeof page === 'function') {
        page = page(request, response);
        if (page === undefined) return;
      }
      if (page === undefined)
        response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not here</h1>');
      else if (typeof page === 'string')
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
      else if (typeof page === 'object') {
        const { status = 200, headers = {}, body = '' } = page;
        response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(body);
      }
    });
  }

  static async start(pages: Record<string, Page> = {}): Promise<Site> {
    const site = new Site();
    for (const [path, page] of Object.entries(pages)) site.pages.set(path, page);
    await new Promise<void>((resolve) => site.#server.listen(0, '127.0.0.1', resolve));
    site.origin = `http://127.0.0.1:${(site.#server.address() as AddressInfo).port}`;
    return site;
  }

  /** The requests since the last time this was asked. */
  takeRequests(): string[] {
    return this.requests.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** A page with its own ETag, which answers 304 to who has it. */
export function tagged(html: string, etag = `"${html.length}-${html.slice(-24)}"`): Page {
  return ({ headers }) =>
    headers['if-none-match'] === etag
      ? { status: 304, headers: { etag } }
      : { headers: { etag }, body: html };
}

export const html = (title: string, ...links: string[]): string =>
  `<!doctype html><html><head><title>${title}</title></head><body><main><h1>${title}</h1><p>All about ${title}, at length.</p>${links
    .map((link) => `<a href="${link}">${link}</a>`)
    .join(' ')}</main></body></html>`;
