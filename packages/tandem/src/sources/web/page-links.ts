import type { IncomingHttpHeaders } from 'node:http';
import { parseHTML } from 'linkedom';
import { parseAddress } from '../http/client.ts';

export interface PageLinks {
  /** Absolute http(s) addresses without fragments, each once, in the page's order. */
  links: string[];
  /** The canonical address that the page states. */
  canonical?: string;
  /** It asks not to be found, or its links not to be followed (robots meta tag, X-Robots-Tag). */
  noIndex: boolean;
  noFollow: boolean;
}

/** Kinds of file that are no text; asking for them only to see what they are would be rude. */
const notText =
  /\.(?:avif|bmp|gif|ico|jpe?g|png|svg|tiff?|webp|mp[34]|m4[av]|mov|avi|mkv|og[gv]|wav|webm|flac|css|m?js|map|wasm|woff2?|ttf|otf|eot|zip|t?gz|tar|bz2|xz|7z|rar|jar|exe|msi|dmg|iso|apk|deb|rpm|bin)$/i;

export function pageLinks(html: string, url: URL, headers: IncomingHttpHeaders): PageLinks {
  // By linkedom's own parser, not as the page's text (`parse/html-document.ts`): it reads in one pass whatever the page is, and no thread
  // stands around this. Where a link stands is all the same.
  const { document } = parseHTML(html);
  const base = URL.parse(document.querySelector('base[href]')?.getAttribute('href') ?? '', url) ?? url;
  const resolveLink = (href: string | null | undefined) => {
    const target = href ? parseAddress(href.trim(), base) : null;
    if (!target || !/^https?:$/.test(target.protocol) || target.username !== '') return undefined;
    return target;
  };
  const directives = [
    ...[...document.querySelectorAll('meta[name="robots" i], meta[name="tandem" i]')].map((meta) =>
      meta.getAttribute('content'),
    ),
    ...[headers['x-robots-tag'] ?? []].flat(),
  ]
    .join(',')
    .toLowerCase();
  const has = (name: string) => new RegExp(`(?:^|[,:\\s])(?:${name}|none)(?:$|[,\\s])`).test(directives);

  const links = new Set<string>();
  for (const anchor of document.querySelectorAll('a[href], area[href]')) {
    if (/\bnofollow\b/i.test(anchor.getAttribute('rel') ?? '')) continue;
    const target = resolveLink(anchor.getAttribute('href'));
    if (target && !notText.test(target.pathname)) links.add(target.href);
  }
  const canonical = resolveLink(document.querySelector('link[rel="canonical" i]')?.getAttribute('href'));
  return {
    links: [...links],
    ...(canonical && { canonical: canonical.href }),
    noIndex: has('noindex'),
    noFollow: has('nofollow'),
  };
}
