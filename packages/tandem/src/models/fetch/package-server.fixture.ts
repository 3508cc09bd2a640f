import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { zip } from './zip.fixture.ts';

/**
 * A server that speaks the protocol of a Python package registry on loopback (PEP 503): `/simple/NAME/` links to the wheels of NAME.
 * It can be told to misbehave.
 */
export class PackageServer implements AsyncDisposable {
  /** By package, the wheels that there are of it. */
  readonly #wheels = new Map<string, Map<string, Buffer>>();
  /** Wheels that were asked for, in order. */
  readonly downloads: string[] = [];
  /** This wheel stops half way, until the promise resolves. */
  hold: { wheel: string; reached: () => void; until: Promise<void> } | undefined;
  endpoint = '';
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<PackageServer> {
    const server = new PackageServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    server.endpoint = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}/simple`;
    return server;
  }

  /** What makes pip ask here and nowhere else. */
  get environment(): Record<string, string> {
    return {
      PIP_INDEX_URL: this.endpoint,
      PIP_EXTRA_INDEX_URL: '',
      PIP_NO_INDEX: '',
      PIP_FIND_LINKS: '',
      PIP_CONFIG_FILE: process.platform === 'win32' ? 'nul' : '/dev/null',
      PIP_RETRIES: '0',
      NO_PROXY: '127.0.0.1',
    };
  }

  /** Publishes a wheel with one file; another version of it goes. Returns the wheel's name. */
  publish(name: string, version: string, file: { path: string; content: Buffer }): string {
    const folder = name.replaceAll('-', '_');
    const text = (content: string) => Buffer.from(content);
    const information = `${folder}-${version}.dist-info`;
    const wheel = zip(
      [
        { name: file.path, content: file.content, deflate: true },
        {
          name: `${information}/METADATA`,
          content: text(`Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`),
          deflate: true,
        },
        {
          name: `${information}/WHEEL`,
          content: text('Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n'),
          deflate: true,
        },
      ],
      '',
    );
    const wheelName = `${folder}-${version}-py3-none-any.whl`;
    this.#wheels.set(name, new Map([[wheelName, wheel]]));
    return wheelName;
  }

  withdraw(name: string): void {
    this.#wheels.delete(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, room, name = '', wheelName = ''] = (request.url ?? '').split('/');
    const wheels = this.#wheels.get(name);
    if (room === 'simple' && wheels !== undefined) {
      const links = [...wheels].map(
        ([file, bytes]) =>
          `<a href="/files/${name}/${file}#sha256=${createHash('sha256').update(bytes).digest('hex')}">${file}</a>`,
      );
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(`<!DOCTYPE html><html><body>${links.join('')}</body></html>`);
      return;
    }
    const wheel = room === 'files' ? wheels?.get(wheelName) : undefined;
    if (wheel === undefined) {
      response.writeHead(404).end();
      return;
    }
    this.downloads.push(wheelName);
    response.writeHead(200, { 'content-length': wheel.length });
    const half = Math.floor(wheel.length / 2);
    response.write(wheel.subarray(0, half));
    if (this.hold?.wheel === wheelName) {
      this.hold.reached();
      await this.hold.until;
    }
    response.end(wheel.subarray(half));
  }
}
