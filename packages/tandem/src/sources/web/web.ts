import type { LookupFunction } from 'node:net';
import path from 'node:path';
import picomatch from 'picomatch';
import { SourceError } from '../../core/errors/source-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import { sha256 } from '../../core/hash.ts';
import { mediaTypeOf, readableExtensions } from '../../core/media-type.ts';
import type { SourceConfigOf } from '../../core/source-config.ts';
import { decodeText } from '../../parse/decode-text.ts';
import { headerValues } from '../environment.ts';
import { HeldBodies, type HeldBody } from '../held-bodies.ts';
import { HttpClient, NotVisited, parseAddress, statusReason } from '../http/client.ts';
import type { HttpResponse } from '../http/request.ts';
import type { ListOptions, Source, SourceEntry } from '../source.ts';
import { type PageLinks, pageLinks } from './page-links.ts';
import { PageMemory, type RememberedPage } from './page-memory.ts';
import { robotsOf } from './robots.ts';
import { parseSitemap, type Sitemap } from './sitemap.ts';

export interface WebSourceOptions extends Omit<SourceConfigOf<'web'>, 'type'> {
  /** Where it keeps what it knows of the pages it has seen. Absent: every listing begins from nothing. */
  dataDirectory?: string;
  /** For messages: the config key. */
  where?: string;
  environment?: NodeJS.ProcessEnv;
  /** How names are looked up. Default: the system's way. */
  resolve?: LookupFunction;
  /** The first wait before another try at a busy server. Default 1 s. */
  retryMs?: number;
}

/** A sitemap's sitemap's sitemap is the last that is read. */
const maxSitemapDepth = 3;
/** So many pages are asked for together; how many are under way at once each host decides. */
const wave = 64;

type Visit =
  | { kind: 'page'; page: RememberedPage }
  | { kind: 'skipped'; message: string; hint?: string | undefined }
  | { kind: 'failed'; message: string; hint?: string | undefined; before: RememberedPage | undefined };

/**
 * Pages of a site. Listing asks for every page, with what is remembered of it (ETag, Last-Modified), so that an unchanged one
 * is not sent again, nor asked for where the sitemap's date is older than the last visit; the change mark is the hash of
 * its bytes. Pages are visited level by level, in the order in which they link to each other, so that two listings of an
 * unchanged site are alike.
 */
export function webSource(options: WebSourceOptions): Source & AsyncDisposable {
  const { dataDirectory, where = 'sources', mode } = options;
  const start = parseAddress(options.url)!;
  const client = new HttpClient({
    ...options,
    site: start,
    hosts: options.hosts.map((host) => host.toLowerCase()),
    headers: headerValues(options.headers, where, options.environment),
    headersFor: start,
  });
  const file =
    dataDirectory === undefined
      ? undefined
      : path.join(dataDirectory, `web-${sha256(`${mode} ${start.href}`).slice(0, 16)}.sqlite`);
  // Opened when first needed, so that a source that is never listed leaves no file.
  let opened: { bodies: HeldBodies; memory: PageMemory } | undefined;
  const held = () => {
    if (!opened) {
      const bodies = new HeldBodies(file);
      opened = { bodies, memory: new PageMemory(bodies.database) };
    }
    return opened;
  };
  const isIncluded = options.include.length === 0 ? () => true : picomatch(options.include);
  const isExcluded = options.exclude.length === 0 ? () => false : picomatch(options.exclude);
  const wanted = (url: URL) => isIncluded(url.pathname) && !isExcluded(url.pathname);

  async function* list(listOptions: ListOptions = {}): AsyncIterable<SourceEntry> {
    const { signal, onProblem, onProgress, known } = listOptions;
    const { memory, bodies } = held();
    // Read again for each listing: a site may change its rules.
    const robots = robotsOf(client, { obey: options.robots });
    const listed = new Set<string>();
    let visited = 0;

    async function visit(url: URL, sitemapDate?: string): Promise<Visit> {
      const before = memory.get(url.href);
      try {
        // "Not modified" is of use only if the bytes are held here or by the caller.
        const isHeld =
          before !== undefined &&
          ((await known?.(before.uri)) === before.mark || bodies.has(before.uri, before.mark));
        if (isHeld && isOlder(sitemapDate, before)) return { kind: 'page', page: before };
        const response = await client.get(url, {
          ...(signal && { signal }),
          headers: {
            accept:
              'text/html, application/xhtml+xml, application/pdf, text/markdown, text/plain;q=0.9, */*;q=0.5',
            ...(isHeld && before.etag !== undefined && { 'if-none-match': before.etag }),
            ...(isHeld && before.lastModified !== undefined && { 'if-modified-since': before.lastModified }),
          },
          mayVisit: (each) => robots.refusal(each, signal),
          wantsBody: (headers, at) => mediaTypeOfResponse(headers['content-type'], at) !== undefined,
        });
        return await understand(url, response, before, sitemapDate);
      } catch (error) {
        signal?.throwIfAborted();
        if (!SourceError.isInstance(error)) throw error;
        const { message, hint } = error;
        // What robots.txt or `hosts` forbid is left out on purpose.
        return error instanceof NotVisited
          ? { kind: 'skipped', message, hint }
          : { kind: 'failed', message, hint, before };
      } finally {
        visited++;
        onProgress?.({ stage: `reading ${start.host}`, done: visited, unit: 'pages', detail: url.pathname });
      }
    }

    async function understand(
      url: URL,
      response: HttpResponse,
      before: RememberedPage | undefined,
      sitemapDate: string | undefined,
    ): Promise<Visit> {
      const { status, headers } = response;
      const checkedAt = new Date().toISOString();
      if (status === 304 && before) {
        const page = { ...before, checkedAt, ...(sitemapDate !== undefined && { sitemapDate }) };
        memory.put(url.href, page);
        return { kind: 'page', page };
      }
      if (status === 404 || status === 410) {
        memory.delete(url.href);
        return { kind: 'skipped', message: `The page cannot be read: ${statusReason(response)}.` };
      }
      if (status < 200 || status >= 300) {
        return { kind: 'failed', message: `The page cannot be read: ${statusReason(response)}.`, before };
      }
      const mediaType = mediaTypeOfResponse(headers['content-type'], response.url);
      if (mediaType === undefined) {
        return {
          kind: 'skipped',
          message: `It is of type ${headers['content-type'] ?? 'unknown'}, which Tandem does not read.`,
        };
      }
      const links: PageLinks = /html/.test(mediaType)
        ? linksOf(response, mediaType)
        : { links: [], noIndex: false, noFollow: false };
      const page: RememberedPage = {
        ...links,
        uri: response.url.href,
        mark: `sha256:${sha256(response.body)}`,
        mediaType,
        checkedAt,
        ...(sitemapDate !== undefined && { sitemapDate }),
        ...(headers.etag !== undefined && { etag: headers.etag }),
        ...(headers['last-modified'] !== undefined && { lastModified: headers['last-modified'] }),
      };
      if ((await known?.(page.uri)) !== page.mark) {
        bodies.put(page.uri, page.mark, { bytes: response.body, mediaType });
      }
      memory.put(url.href, page);
      return { kind: 'page', page };
    }

    function* entryOf(page: RememberedPage): Iterable<SourceEntry> {
      if (listed.has(page.uri)) return;
      if (options.robots && mode !== 'page' && page.noIndex) {
        onProblem?.({
          uri: page.uri,
          kind: 'skipped',
          message: 'The page asks not to be indexed (robots meta tag).',
        });
        return;
      }
      listed.add(page.uri);
      yield {
        uri: page.uri,
        changeMark: page.mark,
        mediaType: page.mediaType,
        ...(options.access !== undefined && { access: options.access }),
      };
    }

    /** Visits a level of pages and yields what it lists; gives the pages on, for their links. */
    async function* visitAll(
      urls: readonly URL[],
      aliases: RememberedPage[],
      sitemapDates?: ReadonlyMap<string, string>,
    ): AsyncGenerator<SourceEntry, RememberedPage[]> {
      const pages: RememberedPage[] = [];
      for (let from = 0; from < urls.length; from += wave) {
        const some = urls.slice(from, from + wave);
        const visits = await Promise.all(some.map((url) => visit(url, sitemapDates?.get(url.href))));
        for (const [index, outcome] of visits.entries()) {
          const url = some[index]!;
          if (outcome.kind === 'page') {
            pages.push(outcome.page);
            // A page that names another one as its original waits until it is known whether that one exists.
            if (isCopy(outcome.page)) aliases.push(outcome.page);
            else yield* entryOf(outcome.page);
          } else if (outcome.kind === 'skipped') {
            onProblem?.({ uri: url.href, kind: 'skipped', message: withHint(outcome) });
          } else {
            // It may be there still, and so may what only it links to.
            const { before } = outcome;
            onProblem?.({ uri: before?.uri ?? url.href, kind: 'failed', message: withHint(outcome) });
            if (before) pages.push(before);
          }
        }
      }
      return pages;
    }

    function isCopy({ canonical, uri }: RememberedPage): boolean {
      const target = canonical === undefined ? null : URL.parse(canonical);
      return (
        mode !== 'page' && target !== null && target.href !== uri && client.has(target) && wanted(target)
      );
    }

    async function firstPage(): Promise<Visit & { kind: 'page' }> {
      const outcome = await visit(start);
      if (outcome.kind === 'page') return outcome;
      throw new SourceError({
        uri: start.href,
        message: `The source ${start.href} cannot be read: ${asReason(outcome.message)}`,
        hint: `${outcome.hint ?? 'Check the address.'} Nothing of what it listed before has been removed.`,
      });
    }

    async function* crawl(): AsyncIterable<SourceEntry> {
      const { page } = await firstPage();
      const aliases: RememberedPage[] = [];
      const seen = new Set([start.href, page.uri]);
      if (isCopy(page)) aliases.push(page);
      else yield* entryOf(page);
      let left = options.pages - 1;
      let level = [page];
      for (let depth = 1; level.length > 0; depth++) {
        const next: URL[] = [];
        let cut = 0;
        for (const { canonical, links, noFollow, uri } of level) {
          const follow = depth <= options.depth && !(options.robots && noFollow) ? links : [];
          // A copy's original counts as the same page, not as one link further.
          const original = canonical !== undefined && canonical !== uri ? [canonical] : [];
          for (const link of [...original, ...follow]) {
            const url = URL.parse(link);
            if (!url || seen.has(url.href) || !client.has(url) || !wanted(url)) continue;
            seen.add(url.href);
            if (left > 0) {
              next.push(url);
              left--;
            } else cut++;
          }
        }
        if (cut > 0) tooMany(cut, 'links were not followed');
        level = yield* visitAll(next, aliases);
        for (const { uri } of level) seen.add(uri);
      }
      for (const alias of aliases) if (!listed.has(alias.canonical!)) yield* entryOf(alias);
    }

    async function* sitemap(): AsyncIterable<SourceEntry> {
      const urls = new Map<string, URL>();
      let cut = 0;
      const dates = new Map<string, string>();
      for await (const { url, lastModified } of sitemapPages()) {
        const at = parseAddress(url);
        if (!at || !client.has(at) || !wanted(at)) continue;
        if (urls.has(at.href)) continue;
        if (urls.size >= options.pages) cut++;
        else {
          urls.set(at.href, at);
          if (lastModified !== undefined) dates.set(at.href, lastModified);
        }
      }
      if (cut > 0) tooMany(cut, 'of the sitemap were not visited');
      const aliases: RememberedPage[] = [];
      yield* visitAll([...urls.values()], aliases, dates);
      for (const alias of aliases) if (!listed.has(alias.canonical!)) yield* entryOf(alias);
    }

    function tooMany(count: number, what: string): void {
      onProblem?.({
        uri: start.href,
        kind: 'skipped',
        message: `${count === 1 ? 'A page' : `${count} pages`} or more ${what}: ${options.pages} pages is the limit (\`pages\`).`,
      });
    }

    async function* sitemapPages(): AsyncIterable<Sitemap['pages'][number]> {
      const first = await readSitemap(start);
      if (first) return yield* pagesOf(first, 1);
      const named = (await robots.sitemaps(start, signal)).flatMap((each) => URL.parse(each, start) ?? []);
      const places = named.length > 0 ? named : [new URL('/sitemap.xml', start)];
      let found = 0;
      for (const place of places) {
        const inner = await readSitemap(place);
        if (!inner) continue;
        found++;
        yield* pagesOf(inner, 1);
      }
      if (found === 0) {
        throw new SourceError({
          uri: start.href,
          message: `No sitemap was found: ${start.href} is none, and ${places.map(({ href }) => href).join(', ')} is none either.`,
          hint: "Give the sitemap's own address, or read the site with mode 'crawl'.",
        });
      }
    }

    async function* pagesOf(
      { pages, sitemaps }: Sitemap,
      depth: number,
    ): AsyncIterable<Sitemap['pages'][number]> {
      yield* pages;
      for (const each of sitemaps) {
        const url = URL.parse(each, start);
        if (!url || !client.has(url) || depth >= maxSitemapDepth) {
          onProblem?.({
            uri: each,
            kind: 'skipped',
            message:
              depth >= maxSitemapDepth
                ? 'Sitemaps lead to sitemaps without end.'
                : 'The sitemap is of another site.',
          });
          continue;
        }
        let inner: Sitemap | undefined;
        try {
          inner = await readSitemap(url);
          if (!inner) throw new SourceError({ uri: url.href, message: `${url.href} is no sitemap.` });
        } catch (error) {
          signal?.throwIfAborted();
          if (!SourceError.isInstance(error)) throw error;
          // Which pages it would have named is not known: none of the site's is gone.
          onProblem?.({ uri: `${start.origin}/`, kind: 'failed', message: error.message });
          continue;
        }
        yield* pagesOf(inner, depth + 1);
      }
    }

    async function readSitemap(url: URL): Promise<Sitemap | undefined> {
      const response = await client.get(url, {
        ...(signal && { signal }),
        mayVisit: (each) => robots.refusal(each, signal),
      });
      if (response.status === 404 || response.status === 410) return undefined;
      if (response.status < 200 || response.status >= 300) {
        throw new SourceError({
          uri: url.href,
          message: `The sitemap ${url.href} cannot be read: ${statusReason(response)}.`,
          hint: 'Check the address; nothing of what it listed before has been removed.',
        });
      }
      return parseSitemap(response.body, url.href, options.maxBytes);
    }

    if (mode === 'crawl') yield* crawl();
    else if (mode === 'sitemap') yield* sitemap();
    else yield* entryOf((await firstPage()).page);
  }

  /**
   * Front matter may carry an access label, and anyone may have written the page: under a label of the source it is
   * text.
   */
  const guarded = ({ bytes, mediaType }: HeldBody): HeldBody =>
    options.access !== undefined && /markdown/.test(mediaType ?? '')
      ? {
          bytes: Buffer.concat([Buffer.from('---\n---\n'), bytes]),
          ...(mediaType !== undefined && { mediaType }),
        }
      : { bytes, ...(mediaType !== undefined && { mediaType }) };

  return {
    id: `web:${mode === 'page' ? '' : `${mode}:`}${start.href}`,
    list,
    async load(entry, { signal } = {}) {
      const body = held().bodies.take(entry.uri, entry.changeMark);
      if (body) return guarded(body);
      // Listed as unchanged, and wanted all the same.
      const robots = robotsOf(client, { obey: options.robots });
      const url = new URL(entry.uri);
      const response = await client.get(url, {
        ...(signal && { signal }),
        mayVisit: (each) => robots.refusal(each, signal),
      });
      const mediaType = mediaTypeOfResponse(response.headers['content-type'], response.url);
      if (response.status >= 200 && response.status < 300 && mediaType !== undefined) {
        return guarded({ bytes: response.body, mediaType });
      }
      throw new SourceError({
        uri: entry.uri,
        message: `${entry.uri} cannot be read: ${statusReason(response)}.`,
        hint: 'Run the same command again.',
      });
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      opened?.bodies[Symbol.dispose]();
      opened = undefined;
    },
  };
}

function linksOf(response: HttpResponse, mediaType: string): PageLinks {
  const charset = /charset\s*=\s*["']?([\w-]+)/i.exec(mediaType)?.[1];
  try {
    const { text } = decodeText(response.body, response.url.href, { declared: charset });
    return pageLinks(text, response.url, response.headers);
  } catch (error) {
    // It is called HTML and is not: the parser will report that.
    if (TandemError.isInstance(error)) return { links: [], noIndex: false, noFollow: false };
    throw error;
  }
}

/** The sitemap gave the same date at the last visit, and that visit was after it: the page need not be asked for. */
function isOlder(sitemapDate: string | undefined, { sitemapDate: last, checkedAt }: RememberedPage): boolean {
  if (sitemapDate === undefined || sitemapDate !== last) return false;
  // A day alone lasts, somewhere on earth, until noon of the next one in UTC.
  const until = Date.parse(sitemapDate) + (/^\d{4}-\d\d-\d\d$/.test(sitemapDate) ? 36 * 3600 * 1000 : 0);
  return until < Date.parse(checkedAt);
}

const readable = new Set(readableExtensions.map((extension) => mediaTypeOf(`x.${extension}`)));

/** With its charset, as the header has it; undefined for what Tandem does not read. */
function mediaTypeOfResponse(header: string | undefined, url: URL): string | undefined {
  const named = mediaTypeOf(url.pathname);
  const type = header?.replace(/;.*$/s, '').trim().toLowerCase();
  // Servers that do not know Markdown call it text, and some call everything a stream of bytes.
  if (type === undefined || type === '' || type === 'application/octet-stream') return named;
  if (type === 'text/plain' && named !== undefined && named !== 'text/html') return named;
  return type === 'application/xhtml+xml' || readable.has(type) ? header : undefined;
}

const withHint = ({ message, hint }: { message: string; hint?: string | undefined }) =>
  hint ? `${message} ${hint}` : message;

const asReason = (message: string) => message.replace(/^The page cannot be read: /, '');
