import dgram from 'node:dgram';
import { get } from 'node:http';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { NetworkBlockedError } from '../core/errors/network-blocked-error.ts';
import { enforceNetworkPolicy, networkPolicy, policyFetch, withNetwork } from './network-policy.ts';
import { JsonServer } from './provider-servers.fixture.ts';

const config = {
  providers: { hosted: { type: 'openai-compatible' as const, baseURL: 'https://api.example.test/v1' } },
  network: 'local' as const,
};
const policy = networkPolicy(config, ['https://docs.example.test/start']);
let enforced: Disposable | undefined;
let server: JsonServer | undefined;
afterEach(async () => {
  enforced?.[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
  enforced = undefined;
  server = undefined;
});

/** 192.0.2.0/24 is set aside for documentation (RFC 5737): nothing answers there. */
const outside = '192.0.2.1';
const failure = (work: () => unknown) =>
  new Promise<unknown>((resolve) => {
    try {
      Promise.resolve(work()).then(() => resolve(undefined), resolve);
    } catch (error) {
      resolve(error);
    }
  });
const blocked = (error: unknown): boolean =>
  NetworkBlockedError.isInstance(error) ||
  NetworkBlockedError.isInstance((error as Error | undefined)?.cause);

describe("with network: 'local'", () => {
  it('every way out of the process is stopped before it leaves', async () => {
    enforced = enforceNetworkPolicy(policy);
    expect(blocked(await failure(() => fetch(`http://${outside}/`)))).toBe(true);
    expect(blocked(await failure(() => fetch('https://telemetry.example.test/')))).toBe(true);
    expect(blocked(await failure(() => get(`http://${outside}/`)))).toBe(true);
    expect(blocked(await failure(() => connect(80, outside)))).toBe(true);
    expect(blocked(await failure(() => connect({ host: '2001:db8::1', port: 80 })))).toBe(true);
    expect(blocked(await failure(() => connectTls({ host: 'telemetry.example.test', port: 443 })))).toBe(
      true,
    );
    const socket = dgram.createSocket('udp4');
    expect(blocked(await failure(() => socket.send('x', 53, outside)))).toBe(true);
    socket.close();
  });

  it('loopback, configured hosts and pipes are not', async () => {
    enforced = enforceNetworkPolicy(policy);
    server = await JsonServer.start(() => ({ json: { fine: true } }));
    expect(await (await fetch(server.url)).json()).toEqual({ fine: true });
    expect(await (await fetch(server.url.replace('127.0.0.1', 'localhost'))).json()).toEqual({ fine: true });
    for (const host of ['api.example.test', 'docs.example.test']) {
      // There is no such host: it is the name look-up that fails, not the policy.
      const error = await failure(() => fetch(`https://${host}/`));
      expect(error).toBeInstanceOf(TypeError);
      expect(blocked(error)).toBe(false);
    }
    const pipe = connect('/nowhere/socket');
    expect(
      await new Promise((resolve) => pipe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))),
    ).toBe('ENOENT');
  });

  it('what fetches a model may ask anybody, and nobody else meanwhile', async () => {
    enforced = enforceNetworkPolicy(policy);
    const fetching = withNetwork(() => failure(() => fetch('https://hub.example.test/')));
    const other = failure(() => fetch('https://hub.example.test/'));
    expect(blocked(await other)).toBe(true);
    expect(blocked(await fetching)).toBe(false);
  });

  it('providers cannot be sent elsewhere by a redirect', async () => {
    server = await JsonServer.start(() => ({ status: 200, json: {} }));
    expect((await policyFetch(policy)(server.url)).status).toBe(200);
    expect(blocked(await failure(() => policyFetch(policy)('https://telemetry.example.test/')))).toBe(true);
    const { createServer } = await import('node:http');
    const redirecting = createServer((_, response) =>
      response.writeHead(302, { location: 'http://192.0.2.1/' }).end(),
    );
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
    const { port } = redirecting.address() as { port: number };
    await expect(policyFetch(policy)(`http://127.0.0.1:${port}/`)).rejects.toThrow(/fetch failed/);
    redirecting.close();
  });
});

it('the process is free again afterwards, and was never held by an open project', async () => {
  const open = enforceNetworkPolicy({ ...policy, mode: 'open' });
  const first = enforceNetworkPolicy(policy);
  expect(blocked(await failure(() => fetch('https://telemetry.example.test/')))).toBe(true);
  first[Symbol.dispose]();
  expect(blocked(await failure(() => fetch('https://telemetry.example.test/')))).toBe(false);
  open[Symbol.dispose]();
});
