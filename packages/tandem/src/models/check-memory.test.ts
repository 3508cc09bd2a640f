import { describe, expect, test } from 'vitest';
import { checkMemory, type LoadRequest } from './check-memory.ts';
import { knownModels } from './registry.ts';

const GB = 1e9;
const qwen: [string, unknown][] = [
  ['general.architecture', 'qwen2'],
  ['qwen2.block_count', 28],
  ['qwen2.attention.head_count', 12],
  ['qwen2.attention.head_count_kv', 2],
  ['qwen2.embedding_length', 1536],
];
const refused = (request: Partial<LoadRequest>) => {
  try {
    checkMemory({
      path: '/models/own.gguf',
      size: GB,
      header: new Map(qwen),
      contextLength: 4096,
      free: 4 * GB,
      ...request,
    });
    return undefined;
  } catch (error) {
    const { message, hint } = error as { message: string; hint: string };
    return `${message} ${hint}`;
  }
};

describe('a model larger than the free memory', () => {
  test('of the registry is refused with what was measured, and one that would fit', () => {
    const { files } = knownModels.find(({ name }) => name === 'qwen2.5-coder-1.5b')!;
    const file = { path: `/cache/${files[0]!.name}`, size: files[0]!.size };
    expect(refused({ ...file, free: 1.5 * GB })).toMatch(
      /^local:qwen2\.5-coder-1\.5b takes 2\.\d\d GB of memory and 1\.50 GB are free, so it was not loaded\. Close other programs, or take a smaller model: local:qwen2\.5-coder-0\.5b \(\d\.\d\d GB\) would fit\.$/,
    );
    expect(refused({ ...file, free: 3 * GB })).toBeUndefined();
  });

  test('of one’s own is refused by its file and its context', () => {
    // 28 layers, 2 heads of 128 numbers in 2 bytes, keys and values: 117 MB for 4,096 tokens.
    expect(refused({ free: 1.12 * GB })).toBeUndefined();
    expect(refused({ free: 1.11 * GB })).toMatch(
      /^\/models\/own\.gguf takes about 1\.12 GB of memory and 1\.11 GB are free/,
    );
    expect(refused({ free: 1.01 * GB, contextLength: 0 })).toBeUndefined();
  });

  test('names no other where none would fit', () => {
    expect(refused({ free: 0.1 * GB })).toMatch(/are free, so it was not loaded\. Close other programs\.$/);
  });

  test('is not guessed at where the header says nothing', () => {
    expect(refused({ header: new Map(), free: 1.01 * GB })).toBeUndefined();
  });
});
