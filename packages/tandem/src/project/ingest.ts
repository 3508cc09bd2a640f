import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { LockedError } from '../core/errors/locked-error.ts';
import { SourceError } from '../core/errors/source-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import { type SourceConfig, type SourceConfigInput, sourceSchema } from '../core/source-config.ts';
import { type IngestReport, ingest as ingestSources } from '../ingest/ingest.ts';
import { addressesOf } from '../sources/addresses.ts';
import { openSource } from '../sources/open-source.ts';
import type { Source } from '../sources/source.ts';
import { type SourceSummary, summarised } from '../sources/summary.ts';
import type { Project } from './project.ts';

export interface IngestProjectOptions {
  /**
   * More files or folders (relative to the working directory) and web addresses. They are remembered: a later ingest
   * without them keeps their documents in line too, as it does those of the config's sources.
   */
  paths?: readonly string[];
  /** How the web addresses among `paths` are read; default: a sitemap as one, anything else as one page. */
  web?: Partial<Pick<WebInput, 'mode' | 'depth' | 'pages' | 'allowPrivate'>>;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}
type WebInput = Extract<SourceConfigInput, { type: 'web' }>;

/** What an ingest did, and what it found in each source. */
export interface ProjectIngestReport extends IngestReport {
  /** In the order in which they were listed. */
  sources: SourceSummary[];
}

/** Brings the project's index in line with its sources; see `ingest/ingest.ts`. */
export async function ingest(
  project: Project,
  options: IngestProjectOptions = {},
): Promise<ProjectIngestReport> {
  await using sources = await openProjectSources(project, options);
  const report = await ingestOpened(project, sources, options);
  await sources.remember(report);
  return report;
}

export interface WatchProjectOptions extends IngestProjectOptions {
  /** Ends the watch; what is being ingested then is ended cleanly too. */
  signal: AbortSignal;
  /** After every ingest that was not interrupted. */
  onReport: (report: ProjectIngestReport) => void;
  /** A source that could not be had this time: the watch goes on, and nothing of it was removed. */
  onSourceError?: (error: SourceError) => void;
  /** How long nothing more must change before an ingest begins. Default 500 ms. */
  quietMs?: number;
  /**
   * Sources that are not told of changes (web, databases) are listed again so often: at most `longestEverySeconds`.
   * Default: only when files change.
   */
  everySeconds?: number;
}

/** A timer of Node's that is to wait for longer than 2³¹ ms does not wait at all. */
export const longestEverySeconds = 24 * 86_400;

/**
 * Ingests, and again whenever a watched source changes, until the signal aborts. Changes during an ingest are one ingest
 * after it.
 * @throws InvalidInputError when there is nothing that could tell of changes, or never a time to look for them
 */
export async function watch(project: Project, options: WatchProjectOptions): Promise<void> {
  const { signal, onReport, quietMs = 500, everySeconds } = options;
  if (everySeconds !== undefined && !(everySeconds > 0 && everySeconds <= longestEverySeconds)) {
    throw new InvalidInputError({
      domain: 'project',
      where: 'everySeconds',
      message: `Sources cannot be listed again every ${everySeconds} seconds.`,
      hint: `Give more than 0 and at most ${longestEverySeconds} (24 days).`,
    });
  }
  await using sources = await openProjectSources(project, options);
  const watched = sources.sources.filter((source) => source.watch !== undefined);
  if (watched.length === 0 && everySeconds === undefined) {
    throw new InvalidInputError({
      domain: 'project',
      where: '--watch',
      message: 'None of the sources can be watched: none of them is a file or a folder.',
      hint: 'Say how often to look at them: tandem ingest --watch --every 10m.',
    });
  }

  let changed = true;
  let failure: { cause: unknown } | undefined;
  let notify = () => {};
  const onChange = () => {
    changed = true;
    notify();
  };
  // The watchers end with the watch, however it ends: a process that watches files never ends by itself.
  const stop = new AbortController();
  signal.addEventListener('abort', () => notify(), { once: true, signal: stop.signal });
  /** Until something happens, or so many milliseconds have passed. */
  const event = async (ms?: number) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    notify = resolve;
    const timeout = ms === undefined ? undefined : setTimeout(resolve, ms);
    if (!signal.aborted && !failure) await promise;
    clearTimeout(timeout);
  };

  const untilStopped = AbortSignal.any([signal, stop.signal]);
  const watching = Promise.all(
    watched.map((source) => source.watch!({ signal: untilStopped, onChange })),
  ).catch((cause: unknown) => {
    failure = { cause };
    notify();
  });
  const timer = everySeconds === undefined ? undefined : setInterval(onChange, everySeconds * 1000);
  try {
    for (let first = true; !signal.aborted; ) {
      if (failure) throw failure.cause;
      if (!changed) {
        await event();
        continue;
      }
      // A program that saves a whole folder makes one change of it, not many.
      while (!first) {
        changed = false;
        await event(quietMs);
        if (!changed || signal.aborted || failure) break;
      }
      changed = false;
      if (signal.aborted || failure) continue;
      try {
        const report = await ingestOpened(project, sources, options);
        onReport(report);
        for (const { uri, message, hint } of report.problems)
          if (report.unavailable.includes(uri))
            options.onSourceError?.(new SourceError({ uri, message, ...(hint !== undefined && { hint }) }));
        if (first) await sources.remember(report);
        first = false;
      } catch (error) {
        // Ctrl-C is how a watch ends: nothing went wrong.
        if (signal.aborted) break;
        if (first) throw error;
        if (SourceError.isInstance(error) && options.onSourceError) {
          // Looked at again with the next change, or when it is time.
          options.onSourceError(error);
        } else if (LockedError.isInstance(error)) {
          // Someone else is writing. Their turn, then ours.
          await event(2000);
          changed = true;
        } else throw error;
      }
    }
  } finally {
    clearInterval(timer);
    stop.abort();
    await watching;
  }
}

interface OpenedSources extends AsyncDisposable {
  sources: Source[];
  /** Writes down what was given beside the config and could be had. */
  remember(report: Pick<ProjectIngestReport, 'unavailable'>): Promise<void>;
}

async function ingestOpened(
  project: Project,
  { sources }: OpenedSources,
  { signal, onProgress }: IngestProjectOptions,
): Promise<ProjectIngestReport> {
  const embedder = await (await project.models()).embedder();
  const observed = sources.map((source) => summarised(source));
  const report = await ingestSources({
    catalog: project.catalog,
    store: await project.store(),
    embedder,
    sources: observed.map(({ source }) => source),
    chunking: project.config.chunk,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  return { ...report, sources: observed.map(({ summary }) => summary()) };
}

/** Addresses of all that an ingest of the project (and of `paths`) reads from over the network. */
export async function sourceAddresses(project: Project, paths: readonly string[] = []): Promise<string[]> {
  return (await sourcesOf(project, { paths })).all.flatMap((source) => addressesOf(source));
}

/** The config's sources, and those that were given beside it, now (`given`) or earlier. */
async function sourcesOf(
  project: Project,
  { paths = [], web = {} }: Pick<IngestProjectOptions, 'paths' | 'web'>,
): Promise<{ all: SourceConfig[]; given: RememberedSource[]; extra: RememberedSource[] }> {
  const { config } = project;
  const given = paths.map((path) => sourceAt(project, path, web));
  const configured = new Set(config.sources.map((source) => placeOf(project, source)));
  const extra = new Map<string, RememberedSource>();
  for (const entry of [...(await rememberedSources(project)), ...given]) {
    const place = placeOf(project, parseRemembered(entry));
    // What is given again is read as it is given now.
    if (!configured.has(place)) extra.set(place, entry);
  }
  const entries = [...extra.values()];
  return { all: [...config.sources, ...entries.map(parseRemembered)], given, extra: entries };
}

async function openProjectSources(project: Project, options: IngestProjectOptions): Promise<OpenedSources> {
  const { config } = project;
  const { all, given, extra } = await sourcesOf(project, options);
  if (all.length === 0) {
    throw new InvalidInputError({
      domain: 'project',
      where: 'sources',
      message: 'The project names no documents.',
      hint: 'Add a folder to `sources` in tandem.config.ts, or give one: tandem ingest DIR.',
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
      if (given.length === 0) return;
      // A path that is not there was a mistake in what was typed. What was remembered before may come back.
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

/** A path, relative to the project, or a source as the config would have it. */
const rememberedSchema = z.array(z.union([z.string(), sourceSchema]));
type RememberedSource = string | SourceConfigInput;

/**
 * Rows and items are named after their source: of two with the same name only the first would be seen, and nothing would
 * tell of the other. A file's or page's name is its own, so that a folder may be there twice, for a label of its own each.
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
      message: `\`sources.${index}\` and \`sources.${before}\` have the same name (${id}), so their documents could not be told apart.`,
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
  { directory }: Project,
  path: string,
  web: IngestProjectOptions['web'] = {},
): RememberedSource {
  if (/^https?:\/\//i.test(path)) {
    const mode = /\.xml(\.gz)?$/i.test(path.replace(/[?#].*$/s, '')) ? 'sitemap' : 'page';
    const parsed = sourceSchema.safeParse({ type: 'web', url: path, mode, ...web });
    if (parsed.success) return { type: 'web', url: path, mode, ...web };
    throw new InvalidInputError({
      domain: 'project',
      where: path,
      message: `${path} cannot be read as a web address: ${parsed.error.issues[0]!.message}.`,
      hint: 'Give a whole address: tandem ingest https://example.org/docs/',
    });
  }
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(path)?.[1];
  if (scheme !== undefined) {
    throw new InvalidInputError({
      domain: 'project',
      where: path,
      message: `\`tandem ingest\` takes files, folders and web addresses, not ${scheme}:// addresses.`,
      hint: "Describe a database under `sources` in tandem.config.ts, such as { type: 'sql', url: 'postgres://…', table: 'articles', key: 'id' }.",
    });
  }
  return relative(directory, resolve(path)).split('\\').join('/') || '.';
}

/** What makes two sources the same. */
function placeOf({ directory }: Project, source: SourceConfig): string {
  if (source.type === 'files') return `files:${resolve(directory, source.path)}`;
  if (source.type === 'web') return `web:${new URL(source.url).href}`;
  return JSON.stringify(source);
}

const sourcesFile = (project: Pick<Project, 'dataDirectory'>) => join(project.dataDirectory, 'sources.json');

async function rememberedSources(project: Pick<Project, 'dataDirectory'>): Promise<RememberedSource[]> {
  const file = sourcesFile(project);
  if (!existsSync(file)) return [];
  const unreadable = (cause: unknown) =>
    new InvalidInputError({
      domain: 'project',
      where: file,
      message: `${file} is not a list of sources.`,
      hint: 'Delete it and give the folders and addresses again: tandem ingest DIR.',
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

async function remember(project: Project, sources: RememberedSource[]): Promise<void> {
  await mkdir(project.dataDirectory, { recursive: true });
  await writeFile(sourcesFile(project), `${JSON.stringify(sources, null, 2)}\n`, { flush: true });
}
