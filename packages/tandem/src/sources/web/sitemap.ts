import { gunzipSync } from 'node:zlib';
import { SourceError } from '../../core/errors/source-error.ts';

export interface Sitemap {
  pages: { url: string; lastModified?: string }[];
  /** Of a sitemap index: further sitemaps. */
  sitemaps: string[];
}

/**
 * A sitemap (sitemaps.org 0.9): XML of pages, an index of sitemaps, or lines of addresses; compressed or not. Undefined for
 * what is none of them, such as the HTML of an error page.
 * @throws SourceError when it is damaged or, unpacked, larger than `maxBytes`
 */
export function parseSitemap(body: Buffer, uri: string, maxBytes: number): Sitemap | undefined {
  const text = unpack(body, uri, maxBytes)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (!text.startsWith('<')) {
    const lines = text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter(Boolean);
    if (lines.length === 0 || !lines.every((line) => /^https?:\/\//i.test(line))) return undefined;
    return { pages: lines.map((url) => ({ url })), sitemaps: [] };
  }
  const xml = withoutComments(text);
  const root = /<(?:([\w-]+):)?(urlset|sitemapindex)[\s>]/.exec(xml);
  if (!root) return undefined;
  // A prefix that the root has, its members have: `<image:loc>` in a `<url>` is not the page's address.
  const prefix = root[1] === undefined ? '' : `${root[1]}:`;
  const member = root[2] === 'urlset' ? 'url' : 'sitemap';
  const sitemap: Sitemap = { pages: [], sitemaps: [] };
  for (const entry of elements(xml, prefix + member)) {
    const url = contentOf(entry, `${prefix}loc`);
    if (url === undefined) continue;
    const lastModified = contentOf(entry, `${prefix}lastmod`);
    if (member === 'sitemap') sitemap.sitemaps.push(url);
    else sitemap.pages.push({ url, ...(lastModified !== undefined && { lastModified }) });
  }
  return sitemap;
}

function unpack(body: Buffer, uri: string, maxBytes: number): Buffer {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return body;
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    const isTooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new SourceError({
      uri,
      message: isTooLarge
        ? `${uri} is larger than ${(maxBytes / 2 ** 20).toFixed(1)} MiB when unpacked.`
        : `${uri} is damaged: it cannot be unpacked.`,
      hint: isTooLarge ? 'Raise `maxBytes` of the source.' : 'Tell the site, or list its pages by `crawl`.',
      cause,
    });
  }
}

// What is read comes from anyone. Patterns that look for an end which never comes, from each of many beginnings, would take
// quadratic time; here the first end that is missing ends the search.

/** The content of each `<name>`, in order. In sitemaps no element holds another of its own name. */
function* elements(xml: string, name: string): Generator<string> {
  for (let at = xml.indexOf(`<${name}`); at >= 0; at = xml.indexOf(`<${name}`, at)) {
    at += name.length + 1;
    if (!/[\s>]/.test(xml.charAt(at))) continue;
    const start = xml.indexOf('>', at) + 1;
    if (start === 0) return;
    const data = cdata.exec(xml.slice(start, start + 200));
    const dataEnd = data ? xml.indexOf(']]>', start + data[0].length) : start;
    const end = dataEnd < 0 ? -1 : xml.indexOf(`</${name}`, dataEnd);
    if (end < 0) return;
    yield xml.slice(start, end);
    at = end;
  }
}

const cdata = /^\s*<!\[CDATA\[/;

function contentOf(xml: string, name: string): string | undefined {
  for (const content of elements(xml, name)) {
    const text = content.trim();
    if (cdata.test(text)) return text.slice('<![CDATA['.length, text.lastIndexOf(']]>')).trim() || undefined;
    return text.includes('<') ? undefined : withoutEntities(text).trim() || undefined;
  }
  return undefined;
}

function withoutComments(xml: string): string {
  let rest = '';
  let from = 0;
  for (let at = xml.indexOf('<!--'); at >= 0; at = xml.indexOf('<!--', from)) {
    const end = xml.indexOf('-->', at + 4);
    if (end < 0) break;
    rest += xml.slice(from, at);
    from = end + 3;
  }
  return rest + xml.slice(from);
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function withoutEntities(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
