import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { SourceError } from '../../core/errors/source-error.ts';

/**
 * Whether an IP address (without brackets) is one that the whole internet can reach. `ipaddr.js` knows the ranges of IANA's
 * special-purpose registries (RFC 6890 and its updates): nothing there is a public web server.
 */
export function isPublicAddress(address: string): boolean {
  // ipaddr.js also reads numbers in octal, in hexadecimal or with parts left out, which no client connects to in that form.
  if (isIP(address) === 0) return false;
  // Zones (`%eth0`) are written in more ways than ipaddr.js reads.
  const parsed = ipaddr.parse(address.replace(/%.*$/s, ''));
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === 'unicast';
  const embedded = embeddedIPv4(parsed);
  if (embedded !== undefined) return embedded.range() === 'unicast';
  return parsed.range() === 'unicast' && !parsed.match(ipv4Compatible);
}

/** The IPv4 address that a mapped (::ffff:0:0/96), translated (64:ff9b::/96) or 6to4 (2002::/16) address leads to. */
function embeddedIPv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const bytes = address.toByteArray();
  if (address.isIPv4MappedAddress() || address.match(translated)) return new ipaddr.IPv4(bytes.slice(12));
  return address.range() === '6to4' ? new ipaddr.IPv4(bytes.slice(2, 6)) : undefined;
}

const translated = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** Deprecated (RFC 4291, §2.5.5.1), and in no range of ipaddr.js; some systems still take `::127.0.0.1` for 127.0.0.1. */
const ipv4Compatible = ipaddr.IPv6.parseCIDR('::/96');

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
    hint: 'If it is meant, say so: set `allowPrivate` of the source.',
  });
}
