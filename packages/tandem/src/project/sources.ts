import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type SourceConfig, type SourceConfigInput, sourceSchema } from '../core/source-config.ts';
import type { OpenedSources } from '../parts/parts.ts';
import { addressesOf } from '../sources/addresses.ts';
import { openSource } from '../sources/open-source.ts';
import type { Source } from '../sources/source.ts';
import type { Config } from './config.ts';

/** Where a project's sources are named: its config, and its data folder for those that were given beside it. */
export interface SourcePlaces {
  directory: string;
  dataDirectory: string;
  config: Pick<Config, 'sources'>;
}

/** Sources that are given with an ingest, beside the config's. */
export interface GivenSources {
  /** Files or folders (relative to the working directory) and web addresses. */
  paths?: readonly string[];
  /** How the web addresses among `paths` are read; default: a sitemap as one, anything else as one page. */
  web?: Partial<Pick<WebInput, 'mode' | 'depth' | 'pages' | 'allowPrivate'>>;
}
type WebInput = Extract<SourceConfigInput, { type: 'web' }>;

/** A project's sources, open. */
export interface ProjectSources extends OpenedSources {
  /** Remembers what was given beside the config and could be read: a later ingest keeps it up to date too. */
  remember(report: { unavailable: readonly string[] }): Promise<void>;
}

/** Opens the config's sources, those that earlier ingests were given, and those given now. */
export async function openProjectSources(
  project: SourcePlaces,
  given: GivenSources = {},
): Promise<ProjectSources> {
  const { config } = project;
  const { all, asked, extra } = await sourcesOf(project, given);
  if (all.length === 0) {
    throw new InvalidInputError({
      domain: 'project',
      where: 'sources',
      message: 'The project names no documents.',
      hint: 'Add a folder to `sources` in tandem.config.ts, or give one.',
    });
  }
  await using opening = new AsyncDisposableStack();
  const sources: Source[] = [];
  for (const [index, each] of all.entries()) {
    const source = await openSource(each, {
      ...(index < config.sources.length && { where: `sources.${index}` }),
      baseDirectory: project.directory,
      dataDirectory: join(project.dataDirectory, 'sources'),
    });
    opening.defer(async () => source[Symbol.asyncDispose]?.());
    sources.push(source);
  }
  checkNames(all, sources);
  const opened = opening.move();
  return {
    sources,
    remember: async ({ unavailable }) => {
      if (asked.length === 0) return;
      // A path that does not exist was mistyped. One that was remembered may exist again later.
      const before = new Set((await rememberedSources(project)).map((entry) => JSON.stringify(entry)));
      const isThere = (index: number) => !unavailable.includes(sources[config.sources.length + index]!.id);
      await remember(
        project,
        extra.filter((entry, index) => isThere(index) || before.has(JSON.stringify(entry))),
      );
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** Addresses of all that an ingest of the project (and of `paths`) reads from over the network. */
export async function sourceAddresses(
  project: SourcePlaces,
  paths: readonly string[] = [],
): Promise<string[]> {
  return (await sourcesOf(project, { paths })).all.flatMap((source) => addressesOf(source));
}

/** The config's sources, and those that were given beside it, now (`given`) or earlier. */
async function sourcesOf(
  project: SourcePlaces,
  { paths = [], web = {} }: GivenSources,
): Promise<{ all: SourceConfig[]; asked: RememberedSource[]; extra: RememberedSource[] }> {
  const { config } = project;
  const asked = paths.map((path) => sourceAt(project, path, web));
  const configured = new Set(config.sources.map((source) => placeOf(project, source)));
  const extra = new Map<string, RememberedSource>();
  for (const entry of [...(await rememberedSources(project)), ...asked]) {
    const place = placeOf(project, parseRemembered(entry));
    // A source that is given again is read as it is given now.
    if (!configured.has(place)) extra.set(place, entry);
  }
  const entries = [...extra.values()];
  return { all: [...config.sources, ...entries.map(parseRemembered)], asked, extra: entries };
}

/** A path, relative to the project, or a source as the config would have it. */
const rememberedSchema = z.array(z.union([z.string(), sourceSchema]));
type RememberedSource = string | SourceConfigInput;

/**
 * Rows and items are named after their source: of two with the same name only the first would be read, and nothing would
 * report the other. A file's or page's name is its own, so that a folder may be there twice, for a label of its own each.
 */
function checkNames(all: readonly SourceConfig[], sources: readonly Source[]): void {
  const seen = new Map<string, number>();
  for (const [index, config] of all.entries()) {
    if (config.type === 'files' || config.type === 'web') continue;
    const { id } = sources[index]!;
    // Items are named after the address without its query.
    const items =
      config.type === 'json' && config.uri === undefined && config.name === undefined
        ? `items of ${new URL(config.url).origin}${new URL(config.url).pathname}`
        : id;
    const before = seen.get(id) ?? seen.get(items);
    if (before === undefined) {
      seen.set(id, index).set(items, index);
      continue;
    }
    throw new InvalidInputError({
      domain: 'project',
      where: `sources.${index}`,
      message: `\`sources.${index}\` and \`sources.${before}\` have the same name (${id}), so their documents would have the same ids.`,
      hint:
        config.type === 'custom'
          ? 'Give one of them another `id`.'
          : "Give one of them a `name` of its own, such as name: 'second'.",
    });
  }
}

function parseRemembered(entry: RememberedSource): SourceConfig {
  return sourceSchema.parse(typeof entry === 'string' ? { type: 'files', path: entry } : entry);
}

/** A file or folder as its path, an address as a web source. */
function sourceAt(
  { directory }: SourcePlaces,
  path: string,
  web: GivenSources['web'] = {},
): RememberedSource {
  if (/^https?:\/\//i.test(path)) {
    const mode = /\.xml(\.gz)?$/i.test(path.replace(/[?#].*$/s, '')) ? 'sitemap' : 'page';
    const parsed = sourceSchema.safeParse({ type: 'web', url: path, mode, ...web });
    if (parsed.success) return { type: 'web', url: path, mode, ...web };
    throw new InvalidInputError({
      domain: 'project',
      where: path,
      message: `${path} cannot be read as a web address: ${parsed.error.issues[0]!.message}.`,
      hint: 'Give a whole address, such as https://example.org/docs/.',
    });
  }
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(path)?.[1];
  if (scheme !== undefined) {
    throw new InvalidInputError({
      domain: 'project',
      where: path,
      message: `${path} is a ${scheme}:// address, and only files, folders and web addresses can be given.`,
      hint: "Describe a database under `sources` in tandem.config.ts, such as { type: 'sql', url: 'postgres://…', table: 'articles', key: 'id' }.",
    });
  }
  return relative(directory, resolve(path)).split('\\').join('/') || '.';
}

/** What makes two sources the same. */
function placeOf({ directory }: SourcePlaces, source: SourceConfig): string {
  if (source.type === 'files') return `files:${resolve(directory, source.path)}`;
  if (source.type === 'web') return `web:${new URL(source.url).href}`;
  return JSON.stringify(source);
}

const sourcesFile = (project: Pick<SourcePlaces, 'dataDirectory'>) =>
  join(project.dataDirectory, 'sources.json');

async function rememberedSources(project: Pick<SourcePlaces, 'dataDirectory'>): Promise<RememberedSource[]> {
  const file = sourcesFile(project);
  if (!existsSync(file)) return [];
  const unreadable = (cause: unknown) =>
    new InvalidInputError({
      domain: 'project',
      where: file,
      message: `${file} is not a list of sources.`,
      hint: 'Delete it and give the folders and addresses again.',
      cause,
    });
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw unreadable(cause);
  }
  const parsed = rememberedSchema.safeParse(content);
  if (!parsed.success) throw unreadable(parsed.error);
  return content as RememberedSource[];
}

async function remember(project: SourcePlaces, sources: RememberedSource[]): Promise<void> {
  await mkdir(project.dataDirectory, { recursive: true });
  await writeFile(sourcesFile(project), `${JSON.stringify(sources, null, 2)}\n`, { flush: true });
}
