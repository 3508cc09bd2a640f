import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import type { Config } from '../core/config.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import { type IngestReport, ingest as ingestSources } from '../ingest/ingest.ts';
import { filesSource } from '../sources/files.ts';
import type { Project } from './project.ts';

export interface IngestProjectOptions {
  /**
   * More files or folders, relative to the working directory. They are remembered: a later ingest without them keeps their
   * documents in line too, as it does those of the config's sources.
   */
  paths?: readonly string[];
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** Brings the project's index in line with its sources; see `ingest/ingest.ts`. */
export async function ingest(project: Project, options: IngestProjectOptions = {}): Promise<IngestReport> {
  const { config, directory, catalog } = project;
  const remembered = await rememberedPaths(project);
  const given = (options.paths ?? []).map(
    (path) => relative(directory, resolve(path)).split('\\').join('/') || '.',
  );
  const known = new Set(config.sources.map(({ path }) => resolve(directory, path)));
  const extra = [...new Set([...remembered, ...given])].filter(
    (path) => !known.has(resolve(directory, path)),
  );
  const sources: Pick<Config['sources'][number], 'path' | 'include' | 'exclude'>[] = [
    ...config.sources,
    ...extra.map((path) => ({ path, include: ['**/*'], exclude: [] })),
  ];
  if (sources.length === 0) {
    throw new InvalidInputError({
      domain: 'project',
      where: 'sources',
      message: 'The project names no documents.',
      hint: 'Add a folder to `sources` in tandem.config.ts, or give one: tandem ingest DIR.',
    });
  }
  const embedder = await (await project.models()).embedder();
  const report = await ingestSources({
    catalog,
    store: await project.store(),
    embedder,
    sources: sources.map((source) => filesSource({ ...source, baseDirectory: directory })),
    chunking: config.chunk,
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
  // Only what could be ingested is remembered: a path that is not there has been an error by now.
  if (given.length > 0) await remember(project, extra);
  return report;
}

const pathsSchema = z.array(z.string());
const pathsFile = (project: Project) => join(project.dataDirectory, 'sources.json');

async function rememberedPaths(project: Project): Promise<string[]> {
  const file = pathsFile(project);
  if (!existsSync(file)) return [];
  const parsed = pathsSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new InvalidInputError({
    domain: 'project',
    where: file,
    message: `${file} is not a list of paths.`,
    hint: 'Delete it and give the folders again: tandem ingest DIR.',
  });
}

async function remember(project: Project, paths: string[]): Promise<void> {
  await mkdir(project.dataDirectory, { recursive: true });
  await writeFile(pathsFile(project), `${JSON.stringify(paths, null, 2)}\n`, { flush: true });
}
