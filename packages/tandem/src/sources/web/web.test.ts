import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SourceError } from '../../core/errors/source-error.ts';
import { sourceSchema } from '../../core/source-config.ts';
import { Listener } from '../listener.fixture.ts';
import type { Source } from '../source.ts';
import { html, Site, tagged } from './site.fixture.ts';
import { type WebSourceOptions, webSource } from './web.ts';

let site: Site;
let dataDirectory: string;
let sources: Source[] = [];
beforeEach(async () => {
  site = await Site.start();
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'tandem-web-'));
});
afterEach(async () => {
  for (const source of sources) await source[Symbol.asyncDispose]?.();
  sources = [];
  await site[Symbol.asyncDispose]();
  await rm(dataDirectory, { recursive: true });
});

function open(options: Partial<WebSourceOptions> & { path?: string } = {}): Source {
  const { path: start = '/', ...rest } = options;
  const config = sourceSchema.parse({ type: 'web', url: site.origin + start, requestsPerSecond: 1000 });
  if (config.type !== 'web') throw new Error('not a web source');
  const source = webSource({ ...config, allowPrivate: true, retryMs: 20, dataDirectory, ...rest });
  sources.push(source);
  return source;
}
const paths = (uris: string[]) => uris.map((uri) => uri.replace(site.origin, ''));

describe('crawl', () => {
  test('follows the links of the site, level by level, and no others', async () => {
    site.pages.set(
      '/',
      html('Home', '/b', '/a', 'https://elsewhere.example/x', 'mailto:x@y.z', '/logo.png', '#top'),
    );
    site.pages.set('/a', html('A', '/', '/deep', '/a#part', './a?'));
    site.pages.set('/b', html('B', '/deep'));
    site.pages.set('/deep', html('Deep', '/deeper'));
    site.pages.set('/deeper', html('Deeper'));
    const listener = new Listener(open({ mode: 'crawl', depth: 2 }));
    const { uris, problems } = await listener.list();
    expect(paths(uris)).toEqual(['/', '/b', '/a', '/deep']);
    expect(problems.map(({ uri, kind }) => `${kind} ${uri}`)).toEqual([]);
    expect(site.takeRequests().toSorted()).toEqual(
      ['/robots.txt 404', '/ 200', '/a 200', '/b 200', '/deep 200'].map((each) => `GET ${each}`).toSorted(),
    );
    const [home] = await listener.loadAll();
    expect(home!.loaded.mediaType).toBe('text/html; charset=utf-8');
    expect(Buffer.from(home!.loaded.bytes).toString()).toBe(site.pages.get('/'));
  });

  test('a second listing asks whether pages changed, and only what did is loaded', async () => {
    site.pages.set('/', tagged(html('Home', '/a', '/b')));
    site.pages.set('/a', tagged(html('A', '/only-from-a')));
    site.pages.set('/b', {
      headers: { 'last-modified': 'Tue, 01 Sep 2026 10:00:00 GMT' },
      body: html('B'),
    });
    site.pages.set('/only-from-a', tagged(html('Only from A')));
    const listener = new Listener(open({ mode: 'crawl' }));
    await listener.sync();
    site.takeRequests();

    // Nothing changed: the link that only a 304 page has is still followed.
    const b = html('B');
    site.pages.set('/b', ({ headers }) =>
      headers['if-modified-since'] === 'Tue, 01 Sep 2026 10:00:00 GMT' ? { status: 304 } : b,
    );
    expect(await listener.sync()).toEqual({ added: [], changed: [], removed: [], failed: [] });
    expect(site.takeRequests().filter((each) => each.endsWith('304'))).toHaveLength(4);

    site.pages.set('/a', tagged(html('A changed', '/new')));
    site.pages.set('/new', html('New'));
    site.pages.delete('/b');
    // The link to it is gone, so the page is, although it still answers.
    expect(await listener.sync()).toEqual({
      added: [`${site.origin}/new`],
      changed: [`${site.origin}/a`],
      removed: [`${site.origin}/b`, `${site.origin}/only-from-a`],
      failed: [],
    });
    expect(listener.text(`${site.origin}/a`)).toContain('A changed');
  });

  test('what is remembered outlasts the process, and no text of a page is', async () => {
    site.pages.set('/', tagged(html('Home sweet home', '/a')));
    site.pages.set('/a', tagged(html('A')));
    const listener = new Listener(open({ mode: 'crawl' }));
    await listener.sync();
    await sources.pop()![Symbol.asyncDispose]!();
    const [file] = await readdir(dataDirectory);
    const { readFile } = await import('node:fs/promises');
    expect((await readFile(path.join(dataDirectory, file!))).includes('Home sweet home')).toBe(false);

    site.takeRequests();
    listener.source = open({ mode: 'crawl' });
    expect(await listener.sync()).toEqual({ added: [], changed: [], removed: [], failed: [] });
    expect(site.takeRequests()).toEqual(['GET /robots.txt 404', 'GET / 304', 'GET /a 304']);
  });

  test('what was fetched and not loaded when the ingest stopped need not be sent again', async () => {
    site.pages.set('/', tagged(html('Home', '/a')));
    site.pages.set('/a', tagged(html('A')));
    const first = new Listener(open({ mode: 'crawl' }));
    await first.list();
    await sources.pop()![Symbol.asyncDispose]!();
    site.takeRequests();
    const second = new Listener(open({ mode: 'crawl' }));
    expect((await second.sync()).added).toHaveLength(2);
    expect(site.takeRequests()).toEqual(['GET /robots.txt 404', 'GET / 304', 'GET /a 304']);
    // No longer held by anyone: requested again, and sent.
    const third = new Listener(second.source);
    expect((await third.sync()).added).toHaveLength(2);
    expect(site.takeRequests()).toEqual(['GET /robots.txt 404', 'GET / 200', 'GET /a 200']);
  });

  test('a page that fails is not gone, nor is what only it links to; a page that is gone is', async () => {
    site.pages.set('/', html('Home', '/a', '/b'));
    site.pages.set('/a', html('A', '/below-a'));
    site.pages.set('/b', html('B'));
    site.pages.set('/below-a', html('Below A'));
    const listener = new Listener(open({ mode: 'crawl' }));
    await listener.sync();
    site.pages.set('/a', { status: 500 });
    site.pages.set('/b', { status: 410 });
    expect(await listener.sync()).toEqual({
      added: [],
      changed: [],
      removed: [`${site.origin}/b`],
      failed: [`${site.origin}/a`],
    });
    const { problems } = await listener.list();
    expect(problems).toMatchObject([
      { kind: 'failed', message: 'The page cannot be read: the server failed (500).' },
      { kind: 'skipped', message: 'The page cannot be read: it is not there (410).' },
    ]);
    site.pages.set('/', { status: 503, headers: { 'retry-after': '7200' } });
    await expect(listener.list()).rejects.toThrow(
      /^The source .* cannot be read: the server failed \(503\)\./,
    );
  });

  test('robots.txt, robots meta tags and nofollow links are obeyed, unless told otherwise', async () => {
    site.pages.set('/robots.txt', {
      headers: { 'content-type': 'text/plain' },
      body: 'User-agent: *\nDisallow: /private\n\nUser-agent: tandem\nDisallow: /secret\nCrawl-delay: 0.05\n',
    });
    site.pages.set(
      '/',
      html('Home', '/secret/1', '/private/1', '/hidden', '/quiet').replace(
        '</main>',
        '<a rel="nofollow" href="/unloved">x</a></main>',
      ),
    );
    site.pages.set('/secret/1', html('Secret'));
    site.pages.set('/private/1', html('Private to others'));
    site.pages.set('/unloved', html('Unloved'));
    site.pages.set(
      '/hidden',
      html('Hidden', '/from-hidden').replace('<head>', '<head><meta name="robots" content="noindex">'),
    );
    site.pages.set('/from-hidden', html('From hidden'));
    site.pages.set('/quiet', { headers: { 'x-robots-tag': 'nofollow' }, body: html('Quiet', '/from-quiet') });
    site.pages.set('/from-quiet', html('From quiet'));
    const started = performance.now();
    const { uris, problems } = await new Listener(open({ mode: 'crawl' })).list();
    expect(paths(uris)).toEqual(['/', '/private/1', '/quiet', '/from-hidden']);
    expect(problems.map(({ uri, kind, message }) => `${kind} ${paths([uri])[0]}: ${message}`)).toEqual([
      'skipped /secret/1: the site does not want it visited (robots.txt).',
      'skipped /hidden: The page asks not to be indexed (robots meta tag).',
    ]);
    expect(site.requests.join()).not.toContain('/secret');
    // Fifty milliseconds between any two requests after robots.txt.
    expect(performance.now() - started).toBeGreaterThan((site.requests.length - 2) * 50);
    const all = await new Listener(
      open({ mode: 'crawl', robots: false, dataDirectory: path.join(dataDirectory, 'b') }),
    ).list();
    expect(paths(all.uris)).toContain('/secret/1');
    expect(paths(all.uris)).toContain('/hidden');
  });

  test('a robots.txt that cannot be read closes the site', async () => {
    site.pages.set('/robots.txt', { status: 500 });
    site.pages.set('/', html('Home'));
    await expect(new Listener(open()).list()).rejects.toThrow(
      /robots\.txt cannot be read \(the server failed \(500\)\), so http.* is not visited/,
    );
    expect(site.requests).not.toContain('GET / 200');
  });

  test('a site that wants more time between two pages than anyone waits is not visited, and says why', async () => {
    site.pages.set('/robots.txt', 'User-agent: *\nCrawl-delay: 86400\n');
    site.pages.set('/', html('Home', '/a'));
    site.pages.set('/a', html('A'));
    await expect(new Listener(open({ mode: 'crawl' })).list()).rejects.toThrow(
      /robots\.txt wants 86400 seconds between two requests, and Tandem waits 120 at most, so http.* is not visited/,
    );
    expect(site.takeRequests()).toEqual(['GET /robots.txt 200']);
    expect(paths((await new Listener(open({ mode: 'crawl', robots: false })).list()).uris)).toEqual([
      '/',
      '/a',
    ]);
  }, 10_000);

  test('copies are known by their canonical address, where that can be fetched', async () => {
    const canonical = (page: string, href: string) =>
      page.replace('<head>', `<head><link rel="canonical" href="${href}">`);
    site.pages.set('/', html('Home', '/a?session=1', '/orphan?x', '/a?session=2'));
    site.pages.set('/a?session=1', canonical(html('A'), '/a'));
    site.pages.set('/a?session=2', canonical(html('A'), '/a'));
    site.pages.set('/a', canonical(html('A'), '/a'));
    site.pages.set('/orphan?x', canonical(html('Orphan'), '/nowhere'));
    const { uris } = await new Listener(open({ mode: 'crawl', depth: 1 })).list();
    expect(paths(uris)).toEqual(['/', '/a', '/orphan?x']);
  });

  test('limits, globs and kinds of content', async () => {
    const links = Array.from({ length: 30 }, (_, i) => `/docs/${i}`);
    site.pages.set('/docs/', html('Docs', '/blog/1', '/docs/old/1', ...links));
    for (const link of [...links, '/blog/1', '/docs/old/1']) site.pages.set(link, html(link));
    site.pages.set('/docs/0', {
      headers: { 'content-type': 'application/pdf' },
      body: Buffer.from('%PDF-1.4 not really'),
    });
    site.pages.set('/docs/1', { headers: { 'content-type': 'image/x-unknown' }, body: 'x'.repeat(100) });
    const { uris, problems, entries } = await new Listener(
      open({ mode: 'crawl', path: '/docs/', include: ['/docs/**'], exclude: ['/docs/old/**'], pages: 11 }),
    ).list();
    expect(paths(uris)).toEqual(['/docs/', '/docs/0', ...links.slice(2, 10)]);
    expect(entries[1]!.mediaType).toBe('application/pdf');
    expect(problems.map(({ message }) => message)).toEqual([
      '20 pages or more links were not followed: 11 pages is the limit (`pages`).',
      'It is of type image/x-unknown, which Tandem does not read.',
    ]);
  });
});

describe('sitemap', () => {
  const urlset = (...urls: [string, string?][]) =>
    `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls
      .map(
        ([url, date]) =>
          `<url><loc>${site.origin}${url}</loc>${date ? `<lastmod>${date}</lastmod>` : ''}</url>`,
      )
      .join('')}</urlset>`;

  test('an index, a compressed one, and one named in robots.txt', async () => {
    site.pages.set('/robots.txt', `User-agent: *\nSitemap: ${site.origin}/maps/index.xml\n`);
    site.pages.set('/maps/index.xml', {
      headers: { 'content-type': 'application/xml' },
      body: `<sitemapindex><sitemap><loc>${site.origin}/maps/1.xml.gz</loc></sitemap><sitemap><loc> ${site.origin}/maps/2.txt </loc></sitemap><sitemap><loc>https://other.example/map.xml</loc></sitemap></sitemapindex>`,
    });
    site.pages.set('/maps/1.xml.gz', {
      headers: { 'content-type': 'application/gzip' },
      body: gzipSync(urlset(['/a?x=1&amp;y=2'], ['/b'], ['/b#again'])),
    });
    site.pages.set('/maps/2.txt', {
      headers: { 'content-type': 'text/plain' },
      body: `${site.origin}/c\n${site.origin}/lost\n`,
    });
    for (const page of ['/', '/a?x=1&y=2', '/b', '/c']) site.pages.set(page, html(page, '/not-in-the-map'));
    const { uris, problems } = await new Listener(open({ mode: 'sitemap' })).list();
    expect(paths(uris)).toEqual(['/a?x=1&y=2', '/b', '/c']);
    expect(problems.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
      'skipped: The sitemap is of another site.',
      'skipped: The page cannot be read: it is not there (404).',
    ]);
  });

  test('a page older than its last visit is not asked for', async () => {
    site.pages.set('/sitemap.xml', urlset(['/old', '2020-01-01'], ['/undated']));
    site.pages.set('/old', html('Old'));
    site.pages.set('/undated', html('Undated'));
    const listener = new Listener(open({ mode: 'sitemap', path: '/sitemap.xml' }));
    expect((await listener.sync()).added).toHaveLength(2);
    site.takeRequests();
    expect(await listener.sync()).toEqual({ added: [], changed: [], removed: [], failed: [] });
    expect(site.takeRequests()).toEqual(['GET /robots.txt 404', 'GET /sitemap.xml 200', 'GET /undated 200']);
    site.pages.set('/sitemap.xml', urlset(['/old', '2020-02-02']));
    site.pages.set('/old', html('Old, but changed'));
    expect(await listener.sync()).toMatchObject({
      changed: [`${site.origin}/old`],
      removed: [`${site.origin}/undated`],
    });
  });

  test('while a part of the index cannot be read nothing is gone', async () => {
    const index = `<sitemapindex><sitemap><loc>${site.origin}/1.xml</loc></sitemap><sitemap><loc>${site.origin}/2.xml</loc></sitemap></sitemapindex>`;
    site.pages.set('/sitemap.xml', index);
    site.pages.set('/1.xml', urlset(['/a']));
    site.pages.set('/2.xml', urlset(['/b']));
    site.pages.set('/a', html('A'));
    site.pages.set('/b', html('B'));
    const listener = new Listener(open({ mode: 'sitemap', path: '/sitemap.xml' }));
    await listener.sync();
    site.pages.set('/2.xml', { status: 500 });
    expect(await listener.sync()).toEqual({
      added: [],
      changed: [],
      removed: [],
      failed: [`${site.origin}/`],
    });
    site.pages.set('/2.xml', {
      headers: { 'content-type': 'application/gzip' },
      body: gzipSync('x'.repeat(100)).subarray(0, 20),
    });
    const { problems } = await listener.list();
    expect(problems.map(({ message }) => message)).toEqual([
      `${site.origin}/2.xml is damaged: it cannot be unpacked.`,
    ]);
  });

  test('no sitemap anywhere is a sentence', async () => {
    site.pages.set('/', html('Home'));
    await expect(new Listener(open({ mode: 'sitemap' })).list()).rejects.toThrow(
      /No sitemap was found: .*\/sitemap\.xml is none either/,
    );
  });
});

describe('one page', () => {
  test('a busy server is asked again when it said, and a broken connection once more', async () => {
    let asked = 0;
    site.pages.set('/', (_, response) => {
      asked++;
      if (asked === 1) {
        response.destroy();
        return undefined;
      }
      return asked === 2 ? { status: 429, headers: { 'retry-after': '1' } } : html('At last');
    });
    const started = performance.now();
    const { uris } = await new Listener(open()).list();
    expect(paths(uris)).toEqual(['/']);
    expect(performance.now() - started).toBeGreaterThan(990);
    site.pages.set('/', { status: 429, headers: { 'retry-after': '3600' } });
    await expect(new Listener(open()).list()).rejects.toThrow(
      /there were too many requests \(429\); the server asks to come back after 3600 s\./,
    );
  });

  test('a server that stays busy is asked four times, each after a longer wait, and then it is said', async () => {
    const times: number[] = [];
    site.pages.set('/', () => {
      times.push(performance.now());
      return { status: 503 };
    });
    await expect(new Listener(open()).list()).rejects.toThrow(/the server failed \(503\)/);
    const waits = times.slice(1).map((time, index) => time - times[index]!);
    expect(waits).toHaveLength(3);
    for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThan(20 * 2 ** index - 2);
  });

  test('redirects: followed to the end, named after it, and not in circles or to other hosts', async () => {
    site.pages.set('/old', { status: 301, headers: { location: '/newer?a#x' } });
    site.pages.set('/newer?a', { status: 308, headers: { location: 'new' } });
    site.pages.set('/new', html('New'));
    expect(paths((await new Listener(open({ path: '/old' })).list()).uris)).toEqual(['/new']);
    site.pages.set('/round', { status: 302, headers: { location: '/round2' } });
    site.pages.set('/round2', { status: 302, headers: { location: '/round' } });
    await expect(new Listener(open({ path: '/round' })).list()).rejects.toThrow(/sends on in a circle/);
    for (let i = 0; i < 9; i++)
      site.pages.set(`/hop${i}`, { status: 302, headers: { location: `/hop${i + 1}` } });
    await expect(new Listener(open({ path: '/hop0' })).list()).rejects.toThrow(/sends on more than 5 times/);
    site.pages.set('/away', { status: 302, headers: { location: 'https://elsewhere.example/' } });
    await expect(new Listener(open({ path: '/away' })).list()).rejects.toMatchObject({
      message: expect.stringMatching(
        /leads to https:\/\/elsewhere\.example, which is not part of the source\.$/,
      ),
      hint: 'Add "elsewhere.example" to `hosts` of the source if it is. Nothing of what it listed before has been removed.',
    });
    site.pages.set('/file', { status: 302, headers: { location: 'file:///etc/passwd' } });
    await expect(new Listener(open({ path: '/file' })).list()).rejects.toThrow(
      /which is not part of the source/,
    );
  });

  test('a body without end, a bomb and a silent server are given up', async () => {
    site.pages.set('/', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      const more = () =>
        void (response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more));
      more();
      return undefined;
    });
    const tooLarge = /is larger than 0\.5 MiB/;
    await expect(new Listener(open({ maxBytes: 2 ** 19 })).list()).rejects.toThrow(tooLarge);
    site.pages.set('/bomb', {
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(20 * 2 ** 20, ' ')),
    });
    await expect(new Listener(open({ path: '/bomb', maxBytes: 2 ** 19 })).list()).rejects.toThrow(tooLarge);
    site.pages.set('/silent', () => undefined);
    await expect(new Listener(open({ path: '/silent', timeoutSeconds: 0.2 })).list()).rejects.toThrow(
      /no answer within 0\.2 s/,
    );
  });

  test('an aborted listing stops at once', async () => {
    const controller = new AbortController();
    // Aborted when it was asked for; the server never answers.
    site.pages.set('/', () => void controller.abort());
    await expect(
      new Listener(open({ timeoutSeconds: 3600 })).list({ signal: controller.signal }),
    ).rejects.toThrow(/abort/i);
  });

  test('the charset of the header is passed on, and other texts than HTML are documents too', async () => {
    site.pages.set('/', {
      headers: { 'content-type': 'text/html; charset=iso-8859-1' },
      body: Buffer.from(html('Café'), 'latin1'),
    });
    const listener = new Listener(open());
    await listener.list();
    const [page] = await listener.loadAll();
    const { bytes, mediaType } = page!.loaded;
    expect(mediaType).toBe('text/html; charset=iso-8859-1');
    expect(Buffer.from(bytes).toString('latin1')).toBe(html('Café'));
    site.pages.set('/notes.md', { headers: { 'content-type': 'text/plain' }, body: '# Notes\n\nSome.' });
    const markdown = await new Listener(open({ path: '/notes.md' })).list();
    expect(markdown.entries[0]!.mediaType).toBe('text/markdown');
  });

  test("a page under the source's label cannot give itself another", async () => {
    const text = '---\naccess: public\nid: home\n---\n# Notes\n';
    site.pages.set('/notes.md', { headers: { 'content-type': 'text/markdown' }, body: text });
    const listener = new Listener(open({ path: '/notes.md', access: 'staff' }));
    expect((await listener.list()).entries[0]!.access).toBe('staff');
    await listener.sync();
    expect(listener.text(`${site.origin}/notes.md`)).toBe(`---\n---\n${text}`);
  });
});

describe('addresses that are not public', () => {
  test('are refused, written out or behind a name, unless allowed', async () => {
    site.pages.set('/', html('Inside'));
    const refused = new Listener(open({ allowPrivate: false }));
    const error = await refused.list().catch((reason) => reason);
    expect(SourceError.isInstance(error)).toBe(true);
    expect(error.message).toMatch(/127\.0\.0\.1 is not a public address/);
    expect(site.requests).toEqual([]);

    const { port } = new URL(site.origin);
    const resolve: LookupFunction = (_, options, callback) =>
      options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);
    const named = { url: `http://site.test:${port}/`, resolve };
    await expect(new Listener(open({ ...named, allowPrivate: false })).list()).rejects.toThrow(
      /site\.test \(127\.0\.0\.1\) is not a public address/,
    );
    expect(site.requests).toEqual([]);
    expect((await new Listener(open(named)).list()).uris).toEqual([`http://site.test:${port}/`]);
  });

  test('nor does a redirect, or a link, to one', async () => {
    const { port } = new URL(site.origin);
    site.pages.set('/away', { status: 302, headers: { location: `http://localhost:${port}/inside` } });
    site.pages.set('/literal', {
      status: 302,
      headers: { location: `http://[::ffff:127.0.0.1]:${port}/inside` },
    });
    site.pages.set('/inside', html('Inside'));
    site.pages.set('/', html('Home', '/away', '/literal', `http://localhost:${port}/inside`));
    const { uris, problems } = await new Listener(
      open({ mode: 'crawl', hosts: ['localhost', '[::ffff:7f00:1]'], allowPrivate: ['127.0.0.1'] }),
    ).list();
    expect(paths(uris)).toEqual(['/']);
    expect(problems.map(({ message }) => message.replace(/ If it is meant.*/, ''))).toEqual([
      expect.stringMatching(/^localhost \((127\.0\.0\.1|::1)\) is not a public address/),
      expect.stringMatching(/^\[::ffff:7f00:1\] is not a public address/),
      expect.stringMatching(/^localhost \((127\.0\.0\.1|::1)\) is not a public address/),
    ]);
    expect(site.requests.join()).not.toContain('/inside');
  });
});
