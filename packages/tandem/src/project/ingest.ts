import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import { type IngestReport, ingest as ingestSources } from '../ingest/ingest.ts';
import { filesSource } from '../sources/files.ts';
import type { Project } from './project.ts';

/** Brings the project's index in line with its sources; see `ingest/ingest.ts`. `paths` replaces the config's sources. */
export async function ingest(
  project: Project,
  options: { paths?: readonly string[]; signal?: AbortSignal; onProgress?: ProgressListener } = {},
): Promise<IngestReport> {
  const { config, directory, catalog } = project;
  const sources = options.paths?.length
    ? options.paths.map((path) => ({ path, include: ['**/*'], exclude: [] }))
    : config.sources;
  if (sources.length === 0) {
    throw new InvalidInputError({
      domain: 'project',
      where: 'sources',
      message: 'The project names no documents.',
      hint: 'Add a folder to `sources` in tandem.config.ts, or give one: tandem ingest DIR.',
    });
  }
  const embedder = await (await project.models()).embedder();
  return ingestSources({
    catalog,
    store: await project.store(),
    embedder,
    sources: sources.map(({ path, include, exclude }) =>
      filesSource({ path, include, exclude, baseDirectory: directory }),
    ),
    chunking: config.chunk,
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
}
