import type { LiveFact } from '../core/settings.ts';
import type { FromEnvironment, SourceConfig } from '../core/source-config.ts';

/**
 * Addresses of the hosts that a source may read from, for the project's network policy. Nothing is looked up; a variable
 * that is not set, or holds no address, names no host, and opening the source says so.
 */
export function addressesOf(config: SourceConfig, environment = process.env): string[] {
  switch (config.type) {
    case 'files':
      return [];
    case 'web':
      return [...withWww(new URL(config.url).hostname), ...config.hosts].map(addressOf);
    case 'json':
      return [new URL(config.url).hostname, ...config.hosts].map(addressOf);
    case 'sql':
      return hostsIn(config.url, environment).map(addressOf);
    case 'mongodb':
      return [...hostsIn(config.url, environment), ...config.hosts].map(addressOf);
    case 'langchain':
    case 'custom':
      return config.hosts.map(addressOf);
  }
}

/** The same of a fact that is read at the moment of a question. */
export function addressesOfFact(fact: LiveFact, environment = process.env): string[] {
  return ('url' in fact ? hostsIn(fact.url, environment) : fact.hosts).map(addressOf);
}

/** A site's first page often sends one from its name to the same name with `www.`, or the other way round. */
export function withWww(host: string): string[] {
  if (/^[\d.]+$|:|^localhost$/.test(host)) return [host];
  return [host, host.startsWith('www.') ? host.slice(4) : `www.${host}`];
}

const addressOf = (host: string) =>
  `https://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}/`;

/** The hosts of a connection string; MongoDB's may have several, with a port each. */
function hostsIn(url: string | FromEnvironment, environment: NodeJS.ProcessEnv): string[] {
  const text = typeof url === 'string' ? url : (environment[url.env] ?? '');
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text)?.[1] ?? '';
  return authority
    .slice(authority.lastIndexOf('@') + 1)
    .split(',')
    .map((host) => host.replace(/:\d*$/, ''))
    .filter((host) => host !== '' && URL.canParse(addressOf(host)));
}
