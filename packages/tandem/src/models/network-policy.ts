import { AsyncLocalStorage } from 'node:async_hooks';
import dgram from 'node:dgram';
import { isIP, Socket } from 'node:net';
import { NetworkBlockedError } from '../core/errors/network-blocked-error.ts';
import type { ProviderConfig } from '../core/settings.ts';

/** Which hosts this process may connect to. Loopback is always allowed. */
export interface NetworkPolicy {
  mode: 'local' | 'open';
  /** Hosts of configured providers and sources, lower case, without port. */
  hosts: readonly string[];
}

/** The policy that a config states. `sources` are further addresses that may be read from. */
export function networkPolicy(
  config: { providers: Readonly<Record<string, ProviderConfig>>; network: NetworkPolicy['mode'] },
  sources: readonly string[] = [],
): NetworkPolicy {
  const addresses = Object.values(config.providers).flatMap((provider) =>
    'baseURL' in provider ? [provider.baseURL] : [],
  );
  return {
    mode: config.network,
    hosts: [...addresses, ...sources].map((address) => new URL(address).hostname.toLowerCase()),
  };
}

/** Throws NetworkBlockedError unless the policy lets this process connect to the host. */
export function checkHost(policy: NetworkPolicy, host: string): void {
  if (policy.mode === 'open' || permitted.getStore() === true) return;
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  if (isLoopback(name) || policy.hosts.includes(name) || policy.hosts.includes(`[${name}]`)) return;
  throw new NetworkBlockedError({ host });
}

/** A `fetch` that keeps to the policy. With `local` it follows no redirect: that could lead anywhere, and an API needs none. */
export function policyFetch(policy: NetworkPolicy): typeof fetch {
  return async (input, init) => {
    const address = input instanceof Request ? input.url : String(input);
    checkHost(policy, new URL(address).hostname);
    return fetch(input, policy.mode === 'open' ? init : { ...init, redirect: 'error' });
  };
}

const permitted = new AsyncLocalStorage<boolean>();

/** Runs `work`, which may connect to any host: for fetching a model that is not on this machine yet. */
export function withNetwork<Result>(work: () => Promise<Result>): Promise<Result> {
  return permitted.run(true, work);
}

const installed = new Set<NetworkPolicy>();
let originals: { connect: Socket['connect']; send: dgram.Socket['send'] } | undefined;

/**
 * Holds the whole process to the policy: every TCP connection and UDP message that JavaScript opens, in whatever library,
 * is checked before it leaves. For a process that is Tandem's own (the CLI, the server); a program that uses Tandem as a
 * library keeps its network to itself. Native code is not seen by this; a test runs it in a network namespace instead.
 */
export function enforceNetworkPolicy(policy: NetworkPolicy): Disposable {
  if (originals === undefined) install();
  installed.add(policy);
  return {
    [Symbol.dispose]() {
      installed.delete(policy);
      if (installed.size > 0 || originals === undefined) return;
      Socket.prototype.connect = originals.connect;
      dgram.Socket.prototype.send = originals.send;
      originals = undefined;
    },
  };
}

function install(): void {
  const { connect } = Socket.prototype;
  const { send } = dgram.Socket.prototype;
  originals = { connect, send };
  const check = (host: string) => {
    for (const policy of installed) checkHost(policy, host);
  };
  Socket.prototype.connect = function (this: Socket, ...parameters: unknown[]) {
    const host = hostOfConnect(parameters);
    if (host !== undefined) check(host);
    return Reflect.apply(connect, this, parameters) as Socket;
  } as Socket['connect'];
  dgram.Socket.prototype.send = function (this: dgram.Socket, ...parameters: unknown[]) {
    // send(message, [offset, length,] port, address, callback): the address is the last string.
    const host = parameters.slice(1).findLast((value) => typeof value === 'string') as string | undefined;
    if (host !== undefined) check(host);
    return Reflect.apply(send, this, parameters);
  } as dgram.Socket['send'];
}

/** The forms of `socket.connect`: options, port and host, a path, or an array of those that Node has normalised. */
function hostOfConnect(parameters: unknown[]): string | undefined {
  let [first, second] = parameters;
  if (Array.isArray(first)) [first, second] = first;
  if (typeof first === 'object' && first !== null) {
    const { path, host, port } = first as { path?: string; host?: string; port?: unknown };
    if (path !== undefined && port === undefined) return undefined; // a local socket or pipe
    return host ?? 'localhost';
  }
  if (typeof first === 'string' && Number.isNaN(Number(first))) return undefined;
  return typeof second === 'string' ? second : 'localhost';
}

/** Whether a host is this machine. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  if (isIP(host) === 4) return host.startsWith('127.') || host === '0.0.0.0';
  return host === '::1' || host === '::' || /^::ffff:127\./.test(host);
}
