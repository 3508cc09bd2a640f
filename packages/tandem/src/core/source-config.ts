import { z } from 'zod';
import { isKnownEncoding } from './reading.ts';

/** A value, or the name of the environment variable that holds it: a config file never holds a secret. */
export const fromEnvironment = z.strictObject({ env: z.string().min(1) });
export type FromEnvironment = z.infer<typeof fromEnvironment>;

/** A request header: text, or a variable's value with text before it (`{ env: 'TOKEN', prefix: 'Bearer ' }`). */
const headerValue = z.union([z.string(), fromEnvironment.extend({ prefix: z.string().default('') })]);
export type HeaderValue = z.infer<typeof headerValue>;

const httpURL = z.url({ protocol: /^https?$/, error: 'write a whole address, http:// or https://' });

/** The label of every document of the source that carries none of its own. Who holds a label is resolved at query time. */
const access = z.string().min(1).optional();

/** How requests over HTTP behave: politely, and never into the machine's own network unless that is wanted. */
const http = {
  headers: z.record(z.string(), headerValue).default({}),
  /** Further hosts that belong to the source: redirects and links to them are followed. */
  hosts: z.array(z.string().min(1)).default([]),
  /** Loopback, private and link-local addresses are refused without it: true for all, or the hosts that may have one. */
  allowPrivate: z.union([z.boolean(), z.array(z.string().min(1))]).default(false),
  /** For each host; a robots.txt that wants more time between requests gets it. */
  requestsPerSecond: z.number().positive().default(4),
  /** Requests under way at once, for each host. */
  concurrency: z.number().int().min(1).max(16).default(2),
  /** Of one request, its redirects not counted. */
  timeoutSeconds: z.number().positive().default(30),
  /** Of one response, decompressed. */
  maxBytes: z
    .number()
    .int()
    .positive()
    .default(32 * 2 ** 20),
};

/** How a row, document or item becomes a document. `{{name}}` stands for a column or field; see docs/sources.md. */
const record = {
  /** Part of the uris; default: the table's or collection's name. */
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'use letters, digits, dots and hyphens')
    .optional(),
  /** Markdown. Default: all columns, short ones as a list, long ones each under its name. */
  template: z.string().optional(),
  title: z.string().optional(),
  /** Columns or fields that are kept as the document's metadata. */
  metadata: z.array(z.string()).default([]),
  access,
};

export const filesSourceSchema = z.strictObject({
  type: z.literal('files'),
  /** A file or folder, relative to the project. */
  path: z.string(),
  include: z.array(z.string()).default(['**/*']),
  exclude: z.array(z.string()).default([]),
  /** Keep to `.gitignore` and `.tandemignore` files. */
  ignoreFiles: z.boolean().default(true),
  /** Of text files that are not in UTF-8: `shift_jis`, `windows-1251` and the like, a name of the Encoding Standard. */
  encoding: z
    .string()
    .refine(
      isKnownEncoding,
      'write a name of the Encoding Standard, such as shift_jis, gb18030 or windows-1251',
    )
    .optional(),
  /** Hidden rows, columns and sheets of workbooks are left out, or read and marked as hidden. */
  hiddenCells: z.enum(['omit', 'read']).default('omit'),
  access,
});

export const webSourceSchema = z.strictObject({
  type: z.literal('web'),
  url: httpURL,
  /** This page alone; the pages that a sitemap names; or all pages of the site that links lead to. */
  mode: z.enum(['page', 'sitemap', 'crawl']).default('page'),
  /** Links from the first page, at most. */
  depth: z.number().int().min(0).default(5),
  /** Pages, at most. */
  pages: z.number().int().min(1).default(1000),
  /** Globs over the address's path, such as `/docs/**`. */
  include: z.array(z.string()).default([]),
  exclude: z.array(z.string()).default([]),
  /** Obey robots.txt and robots meta tags. Set it to false only for your own site. */
  robots: z.boolean().default(true),
  access,
  ...http,
});

export const sqlSourceSchema = z
  .strictObject({
    type: z.literal('sql'),
    /** `postgres://user@host/database`, `mysql://…`, `mariadb://…` or `sqlite:path/relative/to/the/project.db`. */
    url: z.union([z.string(), fromEnvironment]),
    password: fromEnvironment.optional(),
    /** A table or view, with its schema where it needs one: `public.articles`. */
    table: z.string().optional(),
    /** One SELECT, instead of `table`. */
    query: z.string().optional(),
    /** Column or columns that name a row. */
    key: z.union([z.string(), z.array(z.string()).min(1)]),
    /** Column that changes whenever the row does; without it every row is read every time. */
    updatedAt: z.string().optional(),
    /** Column with the row's access label. */
    accessColumn: z.string().optional(),
    timeoutSeconds: z.number().positive().default(30),
    ...record,
  })
  .refine(({ table, query }) => (table === undefined) !== (query === undefined), {
    message: 'give either `table` or `query`',
    path: ['table'],
  });

export const mongodbSourceSchema = z.strictObject({
  type: z.literal('mongodb'),
  /** `mongodb://user@host/database` or `mongodb+srv://…`. */
  url: z.union([z.string(), fromEnvironment]),
  password: fromEnvironment.optional(),
  /** Default: the one in the url. */
  database: z.string().optional(),
  collection: z.string().min(1),
  filter: z.record(z.string(), z.unknown()).default({}),
  projection: z.record(z.string(), z.unknown()).optional(),
  key: z.string().default('_id'),
  updatedAt: z.string().optional(),
  accessField: z.string().optional(),
  /** Hosts that a `mongodb+srv` name leads to, for projects with `network: 'local'`. */
  hosts: z.array(z.string().min(1)).default([]),
  timeoutSeconds: z.number().positive().default(30),
  ...record,
});

const parameter = z.string().min(1);
export const paginationSchema = z.discriminatedUnion('by', [
  /** The answer names a token for the next page, which is sent as a query parameter. */
  z.strictObject({ by: z.literal('cursor'), parameter, next: z.string() }),
  /** The answer holds the next page's address. */
  z.strictObject({ by: z.literal('url'), next: z.string() }),
  /** RFC 8288's `Link: <…>; rel="next"`. */
  z.strictObject({ by: z.literal('link') }),
  /** Pages are numbered; a page without items is the end. */
  z.strictObject({ by: z.literal('page'), parameter, start: z.number().int().default(1) }),
  /** Items are numbered; a page without items is the end. */
  z.strictObject({ by: z.literal('offset'), parameter, start: z.number().int().default(0) }),
]);
export type Pagination = z.infer<typeof paginationSchema>;

export const jsonSourceSchema = z.strictObject({
  type: z.literal('json'),
  url: httpURL,
  /** Where the items are: `$.data.articles[*]`. */
  items: z.string().default('$[*]'),
  /** Path of the field that names an item. */
  id: z.string(),
  updatedAt: z.string().optional(),
  accessField: z.string().optional(),
  /** Template of an item's address, for citations: `{{html_url}}`. Default: the source's address, `#`, `name/` if it has one, the id. */
  uri: z.string().optional(),
  pagination: paginationSchema.optional(),
  /** Requests, at most: a pagination that never ends is an error. */
  pages: z.number().int().min(1).default(10_000),
  ...record,
  ...http,
});

const hasMethod = (name: string) => (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Record<string, unknown>)[name] === 'function';

export const langchainSourceSchema = z.strictObject({
  type: z.literal('langchain'),
  name: z.string().regex(/^[\w.-]+$/, 'use letters, digits, dots and hyphens'),
  /** Any LangChain document loader. */
  loader: z.custom<{ load(): Promise<unknown[]> }>(
    hasMethod('load'),
    'must be a LangChain document loader: an object with a `load` method',
  ),
  mediaType: z.string().default('text/markdown'),
  /** Metadata field with the document's title, and the one with its access label. */
  titleField: z.string().optional(),
  accessField: z.string().optional(),
  /** Hosts that the loader reads from, for projects with `network: 'local'`. */
  hosts: z.array(z.string().min(1)).default([]),
  access,
});

/** A source of one's own: any object that implements `Source`. */
export const customSourceSchema = z.strictObject({
  type: z.literal('custom'),
  source: z.custom<{ id: string }>(
    (value) => hasMethod('list')(value) && hasMethod('load')(value),
    'must be a Source: an object with `id`, `list` and `load`',
  ),
  hosts: z.array(z.string().min(1)).default([]),
});

export const sourceSchema = z.discriminatedUnion('type', [
  filesSourceSchema,
  webSourceSchema,
  sqlSourceSchema,
  mongodbSourceSchema,
  jsonSourceSchema,
  langchainSourceSchema,
  customSourceSchema,
]);
/** What a user writes, and what it becomes with its defaults. */
export type SourceConfigInput = z.input<typeof sourceSchema>;
export type SourceConfig = z.output<typeof sourceSchema>;
export type SourceConfigOf<Type extends SourceConfig['type']> = Extract<SourceConfig, { type: Type }>;
