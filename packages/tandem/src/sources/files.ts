import type { Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { SourceError } from '../core/errors/source-error.ts';
import { mediaTypeOf } from '../core/media-type.ts';
import type { ListOptions, Source, SourceEntry, SourceProblem } from './source.ts';

export interface FilesSourceOptions {
  /** A file, or a folder that is walked to the bottom. Relative to `baseDirectory`. */
  path: string;
  /** Uris are written relative to it, with `/`: the project's folder, so that a project can be moved. */
  baseDirectory: string;
  /** Globs over the path below the folder, with `/`: `**` + `/*.md`. A file named outright is always taken. */
  include?: string[];
  exclude?: string[];
  /** Larger files are reported, not read. Default 256 MiB. */
  maxBytes?: number;
}

/**
 * Files on this machine. The change mark is size and modification time: an unchanged folder costs one `stat` a file.
 * Hidden files and folders and `node_modules` are passed over silently, kinds of file that Tandem does not read with a
 * `skipped` problem; a link to a folder already walked is followed once.
 */
export function filesSource(options: FilesSourceOptions): Source {
  const { baseDirectory, include = ['**/*'], exclude = [], maxBytes = 256 * 2 ** 20 } = options;
  const root = path.resolve(baseDirectory, options.path);
  const uriOf = (file: string) => toPosix(path.relative(baseDirectory, file)) || '.';
  const wanted = (below: string) => matchesAny(below, include) && !matchesAny(below, exclude);

  async function* list({ signal, onProblem }: ListOptions = {}): AsyncIterable<SourceEntry> {
    const rootStat = await stat(root).catch((cause) => {
      throw new SourceError({
        uri: options.path,
        message: `The source "${options.path}" cannot be read: ${reasonOf(cause)}.`,
        hint: 'Give a file or folder that exists and that you may read; relative paths start at the project folder.',
        cause,
      });
    });
    if (!rootStat.isDirectory()) {
      const entry = entryOf(root, rootStat, onProblem);
      if (entry) yield entry;
      return;
    }
    const walked = new Set<string>([await realpath(root)]);
    yield* walk(root);

    async function* walk(folder: string): AsyncIterable<SourceEntry> {
      signal?.throwIfAborted();
      let names: string[];
      try {
        names = await readdir(folder);
      } catch (cause) {
        if (folder === root) {
          throw new SourceError({
            uri: options.path,
            message: `The folder "${options.path}" cannot be listed: ${reasonOf(cause)}.`,
            hint: 'Change its permissions, or take it out of `sources`.',
            cause,
          });
        }
        onProblem?.({
          uri: `${uriOf(folder)}/`,
          kind: 'failed',
          message: `The folder cannot be listed: ${reasonOf(cause)}.`,
        });
        return;
      }
      // Code-unit order, whatever the file system or the locale prefers.
      for (const name of names.sort()) {
        if (name.startsWith('.') || name === 'node_modules') continue;
        signal?.throwIfAborted();
        const file = path.join(folder, name);
        let fileStat: Stats;
        try {
          fileStat = await stat(file);
        } catch (cause) {
          onProblem?.({ uri: uriOf(file), kind: 'failed', message: `Cannot be read: ${reasonOf(cause)}.` });
          continue;
        }
        if (fileStat.isDirectory()) {
          const real = await realpath(file);
          if (walked.has(real)) {
            onProblem?.({
              uri: uriOf(file),
              kind: 'skipped',
              message: `A link to a folder that is listed already (${uriOf(real)}).`,
            });
            continue;
          }
          walked.add(real);
          yield* walk(file);
        } else if (wanted(toPosix(path.relative(root, file)))) {
          const entry = entryOf(file, fileStat, onProblem);
          if (entry) yield entry;
        }
      }
    }
  }

  function entryOf(
    file: string,
    fileStat: Stats,
    onProblem: ((problem: SourceProblem) => void) | undefined,
  ): SourceEntry | undefined {
    const uri = uriOf(file);
    const mediaType = mediaTypeOf(file);
    // Opening a pipe or a device would wait for ever.
    if (!fileStat.isFile()) {
      onProblem?.({ uri, kind: 'skipped', message: 'Not a regular file.' });
    } else if (mediaType === undefined) {
      const extension = path.extname(file);
      onProblem?.({
        uri,
        kind: 'skipped',
        message: extension ? `Tandem does not read ${extension} files.` : 'A file without an extension.',
      });
    } else if (fileStat.size > maxBytes) {
      onProblem?.({
        uri,
        kind: 'failed',
        message: `The file has ${megabytes(fileStat.size)} MB; at most ${megabytes(maxBytes)} MB are read.`,
      });
    } else {
      return { uri, changeMark: `${fileStat.size}-${fileStat.mtimeMs}`, mediaType, size: fileStat.size };
    }
    return undefined;
  }

  return {
    id: `files:${toPosix(options.path)}`,
    list,
    async load(entry, { signal } = {}) {
      try {
        return { bytes: await readFile(path.resolve(baseDirectory, entry.uri), { signal }) };
      } catch (cause) {
        signal?.throwIfAborted();
        throw new SourceError({
          uri: entry.uri,
          message: `${entry.uri} cannot be read: ${reasonOf(cause)}.`,
          hint: 'Check that the file is still there and that you may read it, then run the same command again.',
          cause,
        });
      }
    },
  };
}

function matchesAny(file: string, globs: string[]): boolean {
  return globs.some((glob) => path.posix.matchesGlob(file, glob.replace(/^\.\//, '')));
}

function toPosix(file: string): string {
  return path.sep === '/' ? file : file.split(path.sep).join('/');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}

function reasonOf(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  switch (code) {
    case 'ENOENT':
      return 'it does not exist (or is a link to nowhere)';
    case 'EACCES':
    case 'EPERM':
      return 'you have no permission to';
    case 'ELOOP':
      return 'its links lead in a circle';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
