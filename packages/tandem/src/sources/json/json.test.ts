import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TandemError } from '../../core/errors/tandem-error.ts';
import { type SourceConfigInput, sourceSchema } from '../../core/source-config.ts';
import { Listener } from '../listener.fixture.ts';
import { openSource } from '../open-source.ts';
import type { Source } from '../source.ts';
import { Site } from '../web/site.fixture.ts';
import { nextLink } from './json.ts';

let site: Site;
let sources: Source[] = [];
beforeEach(async () => {
  site = await Site.start();
});
afterEach(async () => {
  for (const source of sources) await source[Symbol.asyncDispose]?.();
  sources = [];
  await site[Symbol.asyncDispose]();
});

type Json = Extract<SourceConfigInput, { type: 'json' }>;
async function open(options: Partial<Json> = {}, environment: Record<string, string> = {}): Promise<Source> {
  const config = sourceSchema.parse({
    type: 'json',
    url: `${site.origin}/articles`,
    id: 'id',
    allowPrivate: true,
    requestsPerSecond: 1000,
    ...options,
  });
  const source = await openSource(config, { baseDirectory: '/', where: 'sources.0', environment });
  sources.push(source);
  return source;
}
const json = (value: unknown, headers: Record<string, string> = {}) => ({
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
});
const item = (id: number | string, text: string, updated?: string) => ({
  id,
  title: `Item ${id}`,
  text,
  ...(updated && { updated }),
});
const uri = (id: number | string) => `${site.origin}/articles#${id}`;

for (const updatedAt of [undefined, 'updated']) {
  test(`a second sync sees what changed and what is gone (${updatedAt ?? 'no change mark'})`, async () => {
    site.pages.set(
      '/articles',
      json({ data: { items: [item(1, 'one', 'a'), item('b/2', 'two', 'a'), item(3, 'three', 'a')] } }),
    );
    const listener = new Listener(
      await open({
        items: '$.data.items[*]',
        title: '{{title}}',
        template: '{{text}}',
        ...(updatedAt && { updatedAt }),
      }),
    );
    expect((await listener.sync()).added).toEqual([uri(1), uri('b%2F2'), uri(3)]);
    expect(listener.text(uri(1))).toBe('---\n"title": "Item 1"\n---\n# Item 1\n\none\n');
    const nothing = { added: [], changed: [], removed: [], failed: [] };
    expect(await listener.sync()).toEqual(nothing);
    site.pages.set(
      '/articles',
      json({ data: { items: [item(1, 'one, changed', 'b'), item(3, 'three', 'a'), item(4, 'four', 'a')] } }),
    );
    expect(await listener.sync()).toEqual({
      ...nothing,
      added: [uri(4)],
      changed: [uri(1)],
      removed: [uri('b%2F2')],
    });
    expect(listener.text(uri(1))).toContain('one, changed');
    expect(await listener.sync()).toEqual(nothing);
  });
}

test('pages by cursor, address, Link header, number and offset', async () => {
  const pages: Json['pagination'][] = [
    { by: 'cursor', parameter: 'after', next: 'meta.next' },
    { by: 'url', next: '$.meta.url' },
    { by: 'link' },
    { by: 'page', parameter: 'page' },
    { by: 'offset', parameter: 'from' },
  ];
  const answer = (numbers: number[], next?: string, url?: string) =>
    json(
      { items: numbers.map((n) => item(n, 'x')), meta: { next: next ?? null, url } },
      url ? { link: `<${url}>; rel="next", <${url}>; rel=last` } : {},
    );
  site.pages.set('/articles', answer([1, 2], 'c2', `${site.origin}/articles?after=c2`));
  site.pages.set('/articles?after=c2', answer([3], undefined, undefined));
  site.pages.set('/articles?page=1', answer([1, 2]));
  site.pages.set('/articles?page=2', answer([3]));
  site.pages.set('/articles?page=3', answer([]));
  site.pages.set('/articles?from=0', answer([1, 2]));
  site.pages.set('/articles?from=2', answer([3]));
  site.pages.set('/articles?from=3', answer([]));
  for (const pagination of pages) {
    const { uris } = await new Listener(await open({ items: 'items[*]', pagination: pagination! })).list();
    expect(uris, pagination!.by).toEqual([uri(1), uri(2), uri(3)]);
  }
});

test('an interrupted or endless listing is an error: what it lacks must not look gone', async () => {
  site.pages.set('/articles', json({ items: [item(1, 'x')], next: 'a' }));
  site.pages.set('/articles?c=a', json({ items: [item(2, 'x')], next: 'b' }));
  site.pages.set('/articles?c=b', json({ items: [item(3, 'x')], next: 'a' }));
  const pagination = { by: 'cursor', parameter: 'c', next: 'next' } as const;
  const listing = async (options: Partial<Json>) =>
    new Listener(await open({ items: 'items[*]', pagination, ...options })).list();
  await expect(listing({})).rejects.toThrow(
    /do not come to an end: the page after .*c=b is one that was read before/,
  );
  await expect(listing({ pages: 2 })).rejects.toThrow(/after 2 pages there are still more/);
  site.pages.set('/articles?c=b', { status: 500 });
  await expect(listing({})).rejects.toThrow(/articles\?c=b cannot be read: the server failed \(500\)/);
});

test('tokens come from the environment and go to no one else', async () => {
  const seen: string[] = [];
  await using other = await Site.start();
  other.pages.set('/more', ({ headers }) => {
    seen.push(`other: ${headers.authorization}`);
    return json([item(2, 'two')]);
  });
  site.pages.set('/articles', ({ headers }) => {
    seen.push(`own: ${headers.authorization}`);
    return json([item(1, 'one')], { link: `<${other.origin}/more>; rel=next` });
  });
  const headers = { Authorization: { env: 'TOKEN', prefix: 'Bearer ' } };
  const source = await open({ headers, pagination: { by: 'link' } }, { TOKEN: 's3cret' });
  expect((await new Listener(source).list()).uris).toEqual([uri(1), uri(2)]);
  expect(seen).toEqual(['own: Bearer s3cret', 'other: undefined']);
  await expect(open({ headers }, {})).rejects.toThrow(
    '`sources.0.headers.Authorization` takes its value from the environment variable TOKEN, which is not set.',
  );
});

test('addresses for citations, access labels, and items with the same key', async () => {
  site.pages.set(
    '/articles',
    json([
      {
        key: 'a',
        link: 'https://example.test/a',
        who: { label: 'staff' },
        text: 'x',
        tags: ['p', 'q'],
        deep: { er: 1 },
      },
      { key: 'b', link: 'https://example.test/b', text: 'y' },
      { key: 'c', link: 'https://example.test/b', text: 'z' },
      { text: 'no key' },
    ]),
  );
  const listener = new Listener(
    await open({ id: 'key', uri: '{{link}}', accessField: 'who.label', access: 'all' }),
  );
  const { entries, problems } = await listener.list();
  expect(entries.map(({ uri, access }) => [uri, access])).toEqual([
    ['https://example.test/a', 'staff'],
    ['https://example.test/b', 'all'],
  ]);
  expect(problems.map(({ message }) => message)).toEqual([
    'More than one item is c. Only the first was read.',
    'An item has no id at key: {"text":"no key"}.',
  ]);
  await listener.sync();
  expect(listener.text('https://example.test/a')).toBe(
    '---\n---\n- key: a\n- link: https://example.test/a\n- who: {"label":"staff"}\n- text: x\n- tags: p, q\n- deep: {"er":1}\n',
  );
});

test('an item without a label is not read where labels are wanted', async () => {
  site.pages.set(
    '/articles',
    json([{ id: 1, who: 'staff' }, { id: 2 }, { id: 3, who: '' }, { id: 4, who: null }]),
  );
  const { entries, problems } = await new Listener(await open({ accessField: 'who' })).list();
  expect(entries.map(({ uri, access }) => [uri, access])).toEqual([[uri(1), 'staff']]);
  expect(problems.map(({ uri, kind }) => [uri, kind])).toEqual([2, 3, 4].map((id) => [uri(id), 'failed']));
});

test('an item without an address is reported, with its number, and not read', async () => {
  site.pages.set(
    '/articles',
    json([{ id: 1, link: 'https://example.test/1' }, { id: 2 }, { id: 3, link: ' ' }]),
  );
  const { uris, problems } = await new Listener(await open({ uri: '{{link}}' })).list();
  expect(uris).toEqual(['https://example.test/1']);
  expect(problems).toEqual(
    [2, 3].map((number) => ({
      uri: `${site.origin}/articles/`,
      kind: 'failed',
      message: `Item ${number} has nothing for \`uri\` ({{link}}): {"id":${number}${number === 3 ? ',"link":" "' : ''}}.`,
    })),
  );
});

test('an id that is no text in Unicode ends nothing', async () => {
  site.pages.set('/articles', json([{ id: 'a\ud800' }, { id: 'b' }]));
  expect((await new Listener(await open()).list()).uris).toEqual([uri('a%EF%BF%BD'), uri('b')]);
});

test('a source’s own name is part of its items’ names', async () => {
  site.pages.set('/articles', json([{ id: 'a/b' }]));
  expect((await new Listener(await open({ name: 'news' })).list()).uris).toEqual([
    `${site.origin}/articles#news/a%2Fb`,
  ]);
});

test('what goes wrong is one sentence', async () => {
  const failure = async (page: Parameters<Map<string, unknown>['set']>[1], options: Partial<Json> = {}) => {
    site.pages.set('/articles', page as never);
    const error = await open(options)
      .then((source) => new Listener(source).list())
      .then(
        () => new Error('nothing failed'),
        (reason: TandemError) => reason,
      );
    return `${error.message} ${(error as TandemError).hint}`.replaceAll(site.origin, '');
  };
  expect(await failure({ status: 401 })).toBe(
    "/articles cannot be read: it wants a login (401). Look at `sources.0.headers`: a token is given as { authorization: { env: 'NAME', prefix: 'Bearer ' } }.",
  );
  expect(await failure('<h1>Log in</h1>')).toMatch(
    /^\/articles answered something that is not JSON \(text\/html; charset=utf-8\): "<h1>Log in<\/h1>"\./,
  );
  expect(await failure(json({ results: [], total: 0 }))).toBe(
    'There are no items at $[*] in the answer of /articles. At its top are: results, total.',
  );
  expect(await failure(json({ results: [], total: 0 }), { items: '$.results[*]' })).toMatch(
    /^nothing failed/,
  );
  expect(await failure(json([]), { items: '$..x' })).toMatch(
    /^`sources\.0\.items` has the path "\$\.\.x", which cannot be read from "\.\.x" on\./,
  );
  expect(await failure(json([]), { allowPrivate: false })).toMatch(/127\.0\.0\.1 is not a public address/);
});

test('Link headers in their many forms', () => {
  expect(nextLink('<https://a.test/?page=2>; rel="next"')).toBe('https://a.test/?page=2');
  expect(nextLink('<a,b;c>; rel=prev, <x,y>; title="a, b; rel=no"; rel="last next"')).toBe('x,y');
  expect(nextLink(['<p>; rel=prev', '<n>; rel=next'])).toBe('n');
  expect(nextLink('<p>; rel=nextish; title="rel=next"')).toBeUndefined();
  expect(nextLink(undefined)).toBeUndefined();
});
