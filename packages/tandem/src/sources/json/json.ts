import type { LookupFunction } from 'node:net';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { SourceError } from '../../core/errors/source-error.ts';
import { hashJson } from '../../core/hash.ts';
import type { SourceConfigOf } from '../../core/source-config.ts';
import { headerValues } from '../environment.ts';
import { HeldBodies, takeHeld } from '../held-bodies.ts';
import { HttpClient, parseAddress, statusReason } from '../http/client.ts';
import type { HttpResponse } from '../http/request.ts';
import { accessLabel } from '../records/access-label.ts';
import { type FieldPath, fieldPath } from '../records/field-path.ts';
import { markOfBytes, recordDocument } from '../records/record-document.ts';
import { compileTemplate, type Fields, textOf } from '../records/template.ts';
import type { ListOptions, Source, SourceEntry } from '../source.ts';

export interface JsonSourceOptions extends Omit<SourceConfigOf<'json'>, 'type'> {
  /** For messages: the config key. */
  where?: string;
  environment?: NodeJS.ProcessEnv;
  resolve?: LookupFunction;
  retryMs?: number;
}

/**
 * Items of an API that answers in JSON, each a Markdown document. A listing reads all pages; the change mark is an item's
 * updated-at field, or the hash of its document. Items are kept on disk until they are loaded, so that none is asked for twice.
 */
export function jsonSource(options: JsonSourceOptions): Source & AsyncDisposable {
  const { where = 'sources', pagination } = options;
  const start = parseAddress(options.url)!;
  const items = fieldPath(options.items, `${where}.items`);
  const id = fieldPath(options.id, `${where}.id`);
  const optional = (path: string | undefined, key: string) =>
    path === undefined ? undefined : fieldPath(path, `${where}.${key}`);
  const updatedAt = optional(options.updatedAt, 'updatedAt');
  const accessField = optional(options.accessField, 'accessField');
  const next =
    pagination && 'next' in pagination ? fieldPath(pagination.next, `${where}.pagination.next`) : undefined;
  const address = options.uri === undefined ? undefined : compileTemplate(options.uri, `${where}.uri`);
  const documents = recordDocument({
    ...options,
    where,
    omit: [options.updatedAt, options.accessField].filter((name) => name !== undefined),
  });
  // A document written with other settings is a changed one.
  const form = hashJson([options.template, options.title, options.metadata]).slice(0, 8);
  const client = new HttpClient({
    ...options,
    hosts: [start.hostname, ...options.hosts].map((host) => host.toLowerCase()),
    headers: headerValues(options.headers, where, options.environment),
    headersFor: start,
  });
  const base = `${start.origin}${start.pathname}`;
  // An id's own slash is written %2F: no item can be taken for one of a source that has a name.
  const names = options.name === undefined ? '' : `${options.name}/`;
  let held: HeldBodies | undefined;

  async function* list({
    signal,
    onProblem,
    onProgress,
    known,
  }: ListOptions = {}): AsyncIterable<SourceEntry> {
    held ??= new HeldBodies(undefined);
    held.clear();
    const listed = new Set<string>();
    let number = 0;
    for await (const item of allItems(onProgress, signal)) {
      number++;
      const key = id.one(item);
      if (!isRecord(item) || !['string', 'number'].includes(typeof key) || key === '') {
        onProblem?.({
          uri: `${base}/`,
          kind: 'failed',
          message: `An item has no id at ${options.id}: ${JSON.stringify(item).slice(0, 80)}.`,
        });
        continue;
      }
      const uri = address
        ? address.render(item).trim()
        : `${base}#${names}${encodeURIComponent(String(key).toWellFormed())}`;
      if (uri === '') {
        onProblem?.({
          uri: `${base}/`,
          kind: 'failed',
          message: `Item ${number} has nothing for \`uri\` (${options.uri}): ${JSON.stringify(item).slice(0, 80)}.`,
        });
        continue;
      }
      if (listed.has(uri)) {
        onProblem?.({
          uri,
          kind: 'failed',
          message: `More than one item is ${textOf(key)}. Only the first was read.`,
        });
        continue;
      }
      listed.add(uri);
      const label = accessLabel(accessField?.one(item), {
        field: options.accessField,
        access: options.access,
      });
      if ('problem' in label) {
        onProblem?.({ uri, kind: 'failed', message: label.problem });
        continue;
      }
      const { access } = label;
      const bytes = documents.render(item);
      const time = updatedAt?.one(item);
      const changeMark =
        time === undefined || time === null ? markOfBytes(bytes) : `at:${textOf(time)} ${form}`;
      if ((await known?.(uri)) !== changeMark) held.put(uri, changeMark, { bytes });
      yield { uri, changeMark, mediaType: 'text/markdown', ...(access !== undefined && { access }) };
    }
  }

  async function* allItems(
    onProgress: ListOptions['onProgress'],
    signal?: AbortSignal,
  ): AsyncIterable<unknown> {
    const asked = new Set<string>();
    let url = firstPage();
    let total = 0;
    for (let pages = 1; ; pages++) {
      asked.add(url.href);
      const response = await client.get(url, {
        headers: { accept: 'application/json' },
        ...(signal && { signal }),
      });
      const body = parsed(url, response);
      const found = items.all(body);
      if (!found.some(isRecord)) checkItemPath(url, body, items, pages);
      yield* found;
      total += found.length;
      onProgress?.({ stage: `reading ${start.host}`, done: total, unit: 'items' });
      const following = nextPage(url, response, body, found.length);
      if (following === undefined) return;
      const problem = asked.has(following.href)
        ? `the page after ${url.href} is one that was read before`
        : pages >= options.pages
          ? `after ${pages} pages there are still more (\`pages\` is the limit)`
          : undefined;
      if (problem !== undefined) {
        // An incomplete listing must not look complete: what it lacks would be removed.
        throw new SourceError({
          uri: start.href,
          message: `The pages of ${base} do not come to an end: ${problem}.`,
          hint: `Look at \`${where}.pagination\`, or raise \`pages\`.`,
        });
      }
      url = following;
    }
  }

  function firstPage(): URL {
    const url = new URL(start);
    if (pagination && 'start' in pagination && !url.searchParams.has(pagination.parameter)) {
      url.searchParams.set(pagination.parameter, String(pagination.start));
    }
    return url;
  }

  function nextPage(url: URL, response: HttpResponse, body: unknown, count: number): URL | undefined {
    switch (pagination?.by) {
      case undefined:
        return undefined;
      case 'page':
      case 'offset': {
        if (count === 0) return undefined;
        const following = new URL(url);
        const at = Number(url.searchParams.get(pagination.parameter));
        following.searchParams.set(pagination.parameter, String(at + (pagination.by === 'page' ? 1 : count)));
        return following;
      }
      case 'cursor': {
        const token = next!.one(body);
        if (token === undefined || token === null || token === '' || token === false) return undefined;
        const following = new URL(url);
        following.searchParams.set(pagination.parameter, textOf(token));
        return following;
      }
      case 'url': {
        const target = next!.one(body);
        return target === undefined || target === null || target === ''
          ? undefined
          : asAddress(textOf(target), url);
      }
      case 'link': {
        const target = nextLink(response.headers.link);
        return target === undefined ? undefined : asAddress(target, url);
      }
    }
  }

  function asAddress(text: string, from: URL): URL {
    const url = parseAddress(text, from);
    if (url !== null) return url;
    throw new SourceError({
      uri: from.href,
      message: `${from.href} names ${JSON.stringify(text)} as its next page, which is no address.`,
      hint: `Look at \`${where}.pagination\`.`,
    });
  }

  function checkItemPath(url: URL, body: unknown, path: FieldPath, pages: number): void {
    // An empty list may be right; a path that leads nowhere is a mistake, and would look as if everything were gone.
    const list = fieldPath(path.text.replace(/\[\s*\*\s*\]$|\.\*$/, ''), `${where}.items`).one(body);
    if (pages > 1 || (Array.isArray(list) && list.length === 0)) return;
    const there =
      typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : undefined;
    throw new InvalidInputError({
      domain: 'sources',
      where: `${where}.items`,
      message: `There are no items at ${path.text} in the answer of ${url.href}.`,
      hint: there
        ? `At its top are: ${there.join(', ')}.`
        : `The answer is ${Array.isArray(body) ? 'a list: try $[*]' : `a ${typeof body}`}.`,
    });
  }

  function parsed(url: URL, response: HttpResponse): unknown {
    const { status, body, headers } = response;
    const problem = (message: string, hint: string) => new SourceError({ uri: url.href, message, hint });
    if (status < 200 || status >= 300) {
      throw problem(
        `${url.href} cannot be read: ${statusReason(response)}.`,
        status === 401 || status === 403
          ? `Look at \`${where}.headers\`: a token is given as { authorization: { env: 'NAME', prefix: 'Bearer ' } }.`
          : 'Nothing of what it listed before has been removed.',
      );
    }
    try {
      return JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''));
    } catch {
      throw problem(
        `${url.href} answered something that is not JSON (${headers['content-type'] ?? 'no type'}): ${JSON.stringify(body.toString('utf8', 0, 60))}.`,
        'Check the address, and that the login is right: some servers answer with a page to log in on.',
      );
    }
  }

  return {
    id: `json:${options.name ?? start.href}`,
    list,
    async load({ uri, changeMark }, { signal } = {}) {
      signal?.throwIfAborted();
      return { bytes: takeHeld(held, { uri, changeMark }).bytes, mediaType: 'text/markdown' };
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      held?.[Symbol.dispose]();
      held = undefined;
    },
  };
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The target with `rel="next"` of a Link header (RFC 8288). */
export function nextLink(header: string | string[] | undefined): string | undefined {
  const links = /<([^>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:"[^"]*"|[^\s",;]+))?)*)/g;
  for (const [, target, parameters] of [header ?? []].flat().join(', ').matchAll(links)) {
    const each = /;\s*([\w*-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s",;]+)))?/g;
    for (const [, name, quoted, plain] of parameters!.matchAll(each)) {
      const relations = (quoted ?? plain ?? '').toLowerCase().split(/\s+/);
      if (name!.toLowerCase() === 'rel' && relations.includes('next')) return target;
    }
  }
  return undefined;
}
