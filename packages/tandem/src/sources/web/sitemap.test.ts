import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSitemap } from './sitemap.ts';

const parse = (text: string | Buffer, maxBytes = 2 ** 20) =>
  parseSitemap(Buffer.from(text), 'https://a.test/s.xml', maxBytes);

test('pages with dates, whatever the prefix, and not the pictures on them', () => {
  const xml = `<?xml version="1.0"?><!-- <url><loc>https://a.test/no</loc></url> -->
    <sm:urlset xmlns:sm="x" xmlns:image="y">
      <sm:url><image:image><image:loc>https://a.test/p.png</image:loc></image:image>
        <sm:loc> https://a.test/?a=1&amp;b=%20&#38;c=&#x26; </sm:loc><sm:lastmod>2026-01-02</sm:lastmod></sm:url>
      <sm:url><sm:loc><![CDATA[https://a.test/c?x&y]]></sm:loc></sm:url>
      <sm:url><sm:lastmod>2026</sm:lastmod></sm:url>
    </sm:urlset>`;
  expect(parse(xml)).toEqual({
    pages: [
      { url: 'https://a.test/?a=1&b=%20&c=&', lastModified: '2026-01-02' },
      { url: 'https://a.test/c?x&y' },
    ],
    sitemaps: [],
  });
});

test('what is no sitemap is none', () => {
  expect(parse('<!doctype html><html><body>Not found</body></html>')).toBeUndefined();
  expect(parse('{"error": 404}')).toBeUndefined();
  expect(parse('')).toBeUndefined();
});

test('a compressed one that is damaged or far too large is a sentence', () => {
  expect(() => parse(gzipSync(Buffer.alloc(2 ** 21, ' ')))).toThrow(
    'https://a.test/s.xml is larger than 1.0 MiB when unpacked.',
  );
  expect(() => parse(gzipSync('<urlset></urlset>').subarray(0, 12))).toThrow(
    'is damaged: it cannot be unpacked',
  );
});

test('every address comes back as it was written', () => {
  const escaped = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  fc.assert(
    fc.property(fc.array(fc.webUrl({ withQueryParameters: true, withFragments: true })), (urls) => {
      const xml = `<urlset>${urls.map((url) => `<url><loc>${escaped(url)}</loc></url>`).join('\n')}</urlset>`;
      expect(parse(xml)?.pages.map(({ url }) => url)).toEqual(urls);
      expect(parse(gzipSync(xml))?.pages).toHaveLength(urls.length);
    }),
  );
});

test('no input keeps it busy', () => {
  const parts = [
    '<url',
    '>',
    '<url>',
    '</url>',
    '<loc>',
    '</loc>',
    '<![CDATA[',
    ']]>',
    '&#',
    ';',
    ' ',
    '<!--',
    '-->',
  ];
  // In quadratic time each of these would take minutes.
  for (const first of parts)
    for (const second of ['', ...parts]) parse(`<urlset><url><loc>${(first + second).repeat(60_000)}`);
});
