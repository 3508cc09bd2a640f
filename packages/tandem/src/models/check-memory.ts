import { basename } from 'node:path';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { gigabytes } from '../core/gigabytes.ts';
import { type KnownModel, knownModels } from './registry.ts';

/** A GGUF file that is about to be loaded, and the memory that there is for it. */
export interface LoadRequest {
  path: string;
  /** Bytes of the file. */
  size: number;
  header: ReadonlyMap<string, unknown>;
  /** Tokens whose keys and values are kept, in 16 bits each; 0 where none are. */
  contextLength: number;
  /** Bytes that a program may still take. */
  free: number;
}

/**
 * Refuses a model that needs more memory than is free, before it is loaded: the system would end this process or another half way, or read
 * the file from the disk for each token.
 * @throws InvalidInputError with both numbers and a model that would fit
 */
export function checkMemory({ path, size, header, contextLength, free }: LoadRequest): void {
  const known = knownModels.find(({ files: [main] }) => main?.name === basename(path) && main.size === size);
  // Of an unknown file what it takes at least, so that nothing is refused that would have run.
  const needs = known?.memory ?? size + keyValueBytes(header, contextLength);
  if (needs <= free) return;
  const fitting = knownModels.findLast(
    ({ kind, memory, speed }) => kind === 'chat' && speed !== undefined && memory <= free,
  );
  throw new InvalidInputError({
    domain: 'models',
    where: path,
    message: `${known ? `local:${known.name}` : path} takes ${known?.speed ? '' : 'about '}${gigabytes(needs)} of memory and ${gigabytes(free)} are free, so it was not loaded.`,
    hint: `Close other programs${fitting ? `, or take a smaller model: ${describe(fitting)} would fit` : ''}.`,
  });
}

const describe = ({ name, memory }: KnownModel) => `local:${name} (${gigabytes(memory)})`;

/** Keys and values of every layer: what the header says of the attention's shape, or 0 where it says nothing. */
function keyValueBytes(header: ReadonlyMap<string, unknown>, contextLength: number): number {
  const architecture = header.get('general.architecture');
  const number = (key: string) => Number(header.get(`${architecture}.${key}`) ?? Number.NaN);
  const heads = number('attention.head_count_kv');
  const width = number('attention.key_length') || number('embedding_length') / number('attention.head_count');
  const kept = Math.min(contextLength, number('context_length') || contextLength);
  return 2 * 2 * kept * number('block_count') * heads * width || 0;
}
