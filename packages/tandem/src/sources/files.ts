import type { Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import picomatch from 'picomatch';
import { SourceError } from '../core/errors/source-error.ts';
import { mediaTypeOf } from '../core/media-type.ts';
import { type Reading, readingMark } from '../core/reading.ts';
import { type IgnoreRules, ignoreFileNames, ignoreRules, noIgnoreRules } from './ignore-files.ts';
import { isLeftover } from './leftovers.ts';
import type { ListOptions, Source, SourceEntry, SourceProblem } from './source.ts';

export interface FilesSourceOptions extends Reading {
  /** A file, or a folder that is walked to the bottom. Relative to `baseDirectory`. */
  path: string;
  /** Uris are written relative to it, with `/`: the project's folder, so that a project can be moved. */
  baseDirectory: string;
  /** Globs over the path below the folder, with `/`: `**` + `/*.md`. A file named outright is always taken. */
  include?: string[];
  exclude?: string[];
  /** Keep to `.gitignore` and `.tandemignore` files. Default true. */
  ignoreFiles?: boolean;
  /** Larger files are reported, not read. Default 256 MiB. */
  maxBytes?: number;
  /** Access label of every file that carries none of its own. */
  access?: string;
}

/** So many files are looked at together: a `stat` waits more than it works. */
const batch = 64;

/**
 * Files on this machine. The change mark is size and modification time: an unchanged folder costs one `stat` a file.
 * Hidden files and folders, `node_modules`, what programs leave beside documents (`isLeftover`) and what ignore files name are
 * passed over silently, kinds of file that Tandem does not read with a `skipped` problem; a link to a folder already walked is followed once.
 */
export function filesSource(options: FilesSourceOptions): Source {
  const { baseDirectory, include = ['**/*'], exclude = [], maxBytes = 256 * 2 ** 20 } = options;
  const root = path.resolve(baseDirectory, options.path);
  const { encoding, hiddenCells } = options;
  const reading: Reading = {
    ...(encoding !== undefined && { encoding }),
    ...(hiddenCells !== undefined && { hiddenCells }),
  };
  const mark = readingMark(reading);
  const uriOf = (file: string) => toPosix(path.relative(baseDirectory, file)) || '.';
  const isIncluded = anyOf(include);
  const isExcluded = anyOf(exclude);
  const wanted = (file: string) => {
    const below = toPosix(path.relative(root, file));
    return isIncluded(below) && !isExcluded(below);
  };

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
      // A shell's `*` names such files outright, and nobody means them.
      if (isLeftover(path.basename(root), rootStat.size)) {
        const message = 'No document: a program left it beside one, as a lock, a backup or a draft.';
        onProblem?.({ uri: uriOf(root), kind: 'skipped', message });
        return;
      }
      const entry = entryOf(root, rootStat, onProblem);
      if (entry) yield entry;
      return;
    }
    const walked = new Set<string>();
    let rootRules: IgnoreRules;
    try {
      walked.add(await realpath(root));
      rootRules = options.ignoreFiles === false ? noIgnoreRules : await ignoreRules(root);
    } catch (cause) {
      throw rootUnlisted(cause);
    }
    yield* walk(root, rootRules);

    /** `rules` are those of what is in the folder. */
    async function* walk(folder: string, rules: IgnoreRules): AsyncIterable<SourceEntry> {
      signal?.throwIfAborted();
      let names: string[];
      try {
        names = await readdir(folder);
      } catch (cause) {
        if (folder === root) throw rootUnlisted(cause);
        onProblem?.(unlisted(folder, cause));
        return;
      }
      // Code-unit order, whatever the file system or the locale prefers.
      names = names.filter((name) => !name.startsWith('.') && name !== 'node_modules').sort();
      for (let start = 0; start < names.length; start += batch) {
        const files = names.slice(start, start + batch).map((name) => path.join(folder, name));
        const stats = await Promise.all(files.map((file) => stat(file).catch((error: Error) => error)));
        for (const [index, file] of files.entries()) {
          signal?.throwIfAborted();
          yield* visit(file, stats[index]!, rules);
        }
      }
    }

    async function* visit(
      file: string,
      fileStat: Stats | Error,
      rules: IgnoreRules,
    ): AsyncIterable<SourceEntry> {
      if (fileStat instanceof Error) {
        if (rules.ignores(file, false) || isLeftover(path.basename(file))) return;
        onProblem?.({ uri: uriOf(file), kind: 'failed', message: `Cannot be read: ${reasonOf(fileStat)}.` });
      } else if (fileStat.isDirectory()) {
        if (rules.ignores(file, true)) return;
        let real: string;
        let rulesInside: IgnoreRules;
        try {
          real = await realpath(file);
          rulesInside = await rules.enter(file);
        } catch (cause) {
          onProblem?.(unlisted(file, cause));
          return;
        }
        if (walked.has(real)) {
          onProblem?.({
            uri: uriOf(file),
            kind: 'skipped',
            message: `A link to a folder that is listed already (${uriOf(real)}).`,
          });
          return;
        }
        walked.add(real);
        yield* walk(file, rulesInside);
      } else if (
        wanted(file) &&
        !isLeftover(path.basename(file), fileStat.size) &&
        !rules.ignores(file, false)
      ) {
        const entry = entryOf(file, fileStat, onProblem);
        if (entry) yield entry;
      }
    }
  }

  function rootUnlisted(cause: unknown): SourceError {
    return new SourceError({
      uri: options.path,
      message: `The folder "${options.path}" cannot be listed: ${listingReasonOf(cause)}.`,
      hint: 'Change its permissions, or take it out of `sources`.',
      cause,
    });
  }

  function unlisted(folder: string, cause: unknown): SourceProblem {
    return {
      uri: `${uriOf(folder)}/`,
      kind: 'failed',
      message: `The folder cannot be listed: ${listingReasonOf(cause)}.`,
    };
  }

  /** Without its ignore file, one cannot know what is in a folder on purpose and what is not. */
  function listingReasonOf(cause: unknown): string {
    const file = (cause as NodeJS.ErrnoException | undefined)?.path;
    return file !== undefined && isIgnoreFile(path.basename(file))
      ? `${uriOf(file)} cannot be read: ${reasonOf(cause)}`
      : reasonOf(cause);
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
        message: `The file is ${megabytes(fileStat.size)} MB; at most ${megabytes(maxBytes)} MB are read.`,
      });
    } else {
      return {
        uri,
        changeMark: `${fileStat.size}-${fileStat.mtimeMs}${mark && ` ${mark}`}`,
        mediaType,
        size: fileStat.size,
        ...(options.access !== undefined && { access: options.access }),
        ...(mark !== '' && { reading }),
      };
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
    async watch({ signal, onChange }) {
      const { watch } = await import('chokidar');
      const hidden = (file: string) =>
        file !== root &&
        path
          .relative(root, file)
          .split(path.sep)
          .some((name) => name === 'node_modules' || (name.startsWith('.') && !isIgnoreFile(name)));
      const watcher = watch(root, { ignoreInitial: true, ignored: hidden });
      try {
        await new Promise<void>((resolve, reject) => {
          watcher.on('error', (cause) =>
            reject(
              new SourceError({
                uri: options.path,
                message: `The source "${options.path}" cannot be watched: ${watchReasonOf(cause)}.`,
                hint: 'Ingest without watching, again whenever something has changed.',
                cause,
              }),
            ),
          );
          // What changed between the last listing and now would go unnoticed.
          watcher.on('ready', () => onChange());
          watcher.on('all', (event, file) => {
            const matters =
              event === 'unlinkDir' ||
              (event !== 'addDir' &&
                (isIgnoreFile(path.basename(file)) ||
                  file === root ||
                  (mediaTypeOf(file) !== undefined && wanted(file) && !isLeftover(path.basename(file)))));
            if (matters) onChange(toPosix(path.relative(baseDirectory, file)));
          });
          if (signal.aborted) resolve();
          else signal.addEventListener('abort', () => resolve(), { once: true });
        });
      } finally {
        await watcher.close();
      }
    },
  };
}

const isIgnoreFile = (name: string) => (ignoreFileNames as readonly string[]).includes(name);

function anyOf(globs: string[]): (file: string) => boolean {
  if (globs.length === 0) return () => false;
  if (globs.includes('**/*') || globs.includes('**')) return () => true;
  return picomatch(globs.map((glob) => glob.replace(/^\.\//, '')));
}

function toPosix(file: string): string {
  return path.sep === '/' ? file : file.split(path.sep).join('/');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}

function watchReasonOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC'
    ? 'the system allows no more watched files (on Linux: raise fs.inotify.max_user_watches)'
    : reasonOf(cause);
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
