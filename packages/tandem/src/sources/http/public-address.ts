import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { SourceError } from '../../core/errors/source-error.ts';

/** IANA's special-purpose registries (RFC 6890 and its updates): nothing there is a public web server. */
const special = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  special.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 96], // the unspecified address, loopback, and IPv4-compatible addresses
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  special.addSubnet(network, prefix, 'ipv6');
}

/** Whether an IP address (without brackets) is one that the whole internet can reach. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  if (family === 4) return !special.check(address, 'ipv4');
  const embedded = embeddedIPv4(address);
  if (embedded !== undefined) return isPublicAddress(embedded);
  return !special.check(address.replace(/%.*$/, ''), 'ipv6');
}

/** The IPv4 address that a mapped (::ffff:0:0/96), translated (64:ff9b::/96) or 6to4 (2002::/16) address leads to. */
function embeddedIPv4(address: string): string | undefined {
  const groups = groupsOf(address);
  const [a, b] =
    groups[0] === 0x2002
      ? [groups[1]!, groups[2]!]
      : startsWith(groups, [0, 0, 0, 0, 0, 0xffff]) || startsWith(groups, [0x64, 0xff9b, 0, 0, 0, 0])
        ? [groups[6]!, groups[7]!]
        : [];
  return a === undefined || b === undefined ? undefined : `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}

const startsWith = (groups: number[], prefix: number[]) => prefix.every((value, i) => groups[i] === value);

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const plain = address
    .replace(/%.*$/, '')
    .replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
      [(Number(a) << 8) | Number(b), (Number(c) << 8) | Number(d)].map((n) => n.toString(16)).join(':'),
    );
  const [head = '', tail] = plain.split('::');
  const numbers = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return numbers(head);
  const [first, last] = [numbers(head), numbers(tail)];
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

/** Whether hosts may be at private addresses: none, all, or the ones named. */
export type AllowPrivate = boolean | readonly string[];

const isAllowed = (allow: AllowPrivate, host: string) =>
  typeof allow === 'boolean' ? allow : allow.some((each) => bare(each) === bare(host));
const bare = (host: string) => host.toLowerCase().replace(/^\[|\]$/g, '');

/** Throws SourceError for a host that is a private address; names are checked when they are looked up. */
export function checkLiteralAddress(host: string, allowPrivate: AllowPrivate): void {
  const address = bare(host);
  if (isIP(address) === 0 || isPublicAddress(address) || isAllowed(allowPrivate, host)) return;
  throw privateAddress(host, address);
}

/**
 * `dns.lookup` for a connection: the addresses that are checked are the ones that are connected to, so a name that answers
 * differently the next time (DNS rebinding) gains nothing. One private address among several refuses the name.
 */
export function publicLookup(allowPrivate: AllowPrivate, resolve: LookupFunction = lookup): LookupFunction {
  return (host, options, callback) => {
    if (isAllowed(allowPrivate, host)) return resolve(host, options, callback);
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const found = addresses as { address: string; family: number }[];
      const refused = found.find(({ address }) => !isPublicAddress(address));
      if (refused) return callback(privateAddress(host, refused.address), []);
      if (options.all) return callback(null, found);
      callback(null, found[0]!.address, found[0]!.family);
    });
  };
}

function privateAddress(host: string, address: string): SourceError {
  const what = host === address || host === `[${address}]` ? host : `${host} (${address})`;
  return new SourceError({
    uri: host,
    message: `${what} is not a public address: it belongs to this machine or a private network.`,
    hint: 'If it is meant, say so: `allowPrivate` of the source, or --allow-private on the command line.',
  });
}
