import { stat } from 'node:fs/promises';
import { cpus } from 'node:os';
import { basename } from 'node:path';
import { type GgufPlainValue, openGguf } from '@tandem/nn';
import { getLlama, type Llama, LlamaLogLevel, type LlamaModel } from 'node-llama-cpp';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { checkMemory } from './check-memory.ts';
import { cacheDirectory, stampedSha256 } from './fetch/cache.ts';
import { FreeCores } from './free-cores.ts';
import { freeMemory } from './free-memory.ts';

/**
 * A GGUF file loaded by llama.cpp, with the SHA-256 of its bytes and the metadata of its header.
 * @throws InvalidInputError where there is no such file, it needs more memory than is free, or llama.cpp cannot load it or does not run here.
 */
export async function loadGguf(
  path: string,
  options: {
    cacheDirectory?: string;
    /** Tokens that will be kept at once: their memory is counted. */
    contextLength?: number;
    /** Metadata to take in place of the file's, by architecture and key, as node-llama-cpp takes it. */
    overrides?: (header: ReadonlyMap<string, GgufPlainValue>) => Record<string, unknown> | undefined;
  } = {},
): Promise<{
  llama: Llama;
  model: LlamaModel;
  baseHash: string;
  header: ReadonlyMap<string, GgufPlainValue>;
}> {
  const { header, size } = await readHeader(path);
  const metadataOverrides = options.overrides?.(header);
  const llama = await openBackend();
  // A GPU has memory of its own, of which llama.cpp takes care.
  if (llama.gpu === false)
    checkMemory({ path, size, header, contextLength: options.contextLength ?? 0, free: freeMemory() });
  const baseHash = await stampedSha256(path, { cacheDirectory: options.cacheDirectory ?? cacheDirectory() });
  forgetComplaint();
  try {
    const model = await llama.loadModel({ modelPath: path, ...(metadataOverrides && { metadataOverrides }) });
    return { llama, model, baseHash, header };
  } catch (cause) {
    throw new InvalidInputError({
      domain: 'models',
      where: path,
      message: `llama.cpp cannot load ${path}: ${complaint(cause)}.`,
      hint: 'The file may be damaged or too new or too large for this machine; fetch it again or choose another model.',
      cause,
    });
  }
}

/** What the file calls itself (`general.name`); its file name where it does not. */
export function nameInFile({ fileInfo }: LlamaModel, path: string): string {
  const name: unknown = fileInfo.metadata.general?.name;
  // The file's maker may write anything here: take one line of it, short enough for a table.
  return (typeof name === 'string' && name.replace(/\s+/g, ' ').trim().slice(0, 100)) || basename(path);
}

/** How many threads llama.cpp may take. */
export interface ThreadControl {
  most: number;
  /** To be called before each evaluation. */
  adjust: () => void;
}

/**
 * Sets how many threads the next evaluation takes: as many as asked for, or else as many cores as others leave free. The
 * number is llama.cpp's for the process, so it is set before each evaluation.
 */
export function threadControl(llama: Llama, asked: number | undefined): ThreadControl {
  const fromEnvironment = Number(process.env.TANDEM_THREADS);
  const fixed =
    asked ?? (Number.isInteger(fromEnvironment) && fromEnvironment > 0 ? fromEnvironment : undefined);
  const most = fixed ?? llama.cpuMathCores;
  return {
    most,
    adjust() {
      llama.maxThreads = fixed ?? free.count(most);
    },
  };
}

/** Why llama.cpp failed: what it logged, or else the error's own message. */
export function complaint(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return (lastComplaint || message).replace(/\.$/, '');
}

/** To be called before what may fail, so that an older complaint is not taken for its reason. */
export function forgetComplaint(): void {
  lastComplaint = '';
}

let backend: Promise<Llama> | undefined;
// The measurement of other programs' work starts here, so that the first call has one.
const free = new FreeCores();
/** What llama.cpp last complained of: it logs its reasons and throws without them. */
let lastComplaint = '';

function openBackend(): Promise<Llama> {
  backend ??= getLlama({
    gpu: 'auto',
    // Only the binaries that npm installed: never compile or download on a user's machine.
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.warn,
    logger: (_level, message) => {
      lastComplaint = message.trim();
    },
  }).catch((cause: unknown) => {
    backend = undefined;
    const [reason = ''] = (cause as Error).message.split('\n');
    const why = /NoBinaryFound/.test(reason) ? 'there is no build of it for this system' : reason;
    throw new InvalidInputError({
      domain: 'models',
      message: `llama.cpp does not run on this machine (${process.platform}, ${process.arch}, ${cpus()[0]?.model.trim() || 'unknown processor'}): ${why.replace(/\.$/, '')}.`,
      hint: 'It is built for Linux, macOS and Windows on 64-bit x86 and ARM processors; elsewhere configure a model of a provider.',
      cause,
    });
  });
  return backend;
}

async function readHeader(
  path: string,
): Promise<{ header: ReadonlyMap<string, GgufPlainValue>; size: number }> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new InvalidInputError({
      domain: 'models',
      where: path,
      message: `There is no model file at ${path}.`,
      hint: 'Give the path of a GGUF file, or the name of a built-in model.',
    });
  }
  const { size } = found;
  // node-llama-cpp (3.22) believes the counts in a damaged header and reads for minutes; our reader checks them.
  try {
    await using file = await openGguf(path);
    return { header: file.metadata, size };
  } catch (cause) {
    throw new InvalidInputError({
      domain: 'models',
      where: path,
      message: (cause as Error).message,
      hint: 'Fetch the model again, or choose another.',
      cause,
    });
  }
}
