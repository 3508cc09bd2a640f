import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Head, headFile, readHead, writeHead } from './head.ts';

const head: Head = {
  fields: [
    {
      path: 'intent',
      choices: ['refund', 'delivery'],
      temperature: 1.5,
      weights: Float32Array.of(1, 2, 3, -1, -2, -3),
      biases: Float32Array.of(0.25, -0.25),
    },
  ],
  figures: [
    {
      path: 'intent',
      questions: 20,
      groups: 18,
      unseenChoices: [],
      l2: 3,
      temperature: 1.5,
      folds: { questions: 20, accuracy: 0.9, eceBefore: 0.1, eceAfter: 0.05 },
    },
  ],
  dimensions: 3,
  embedderHash: 'e',
  documents: ['d'],
  seconds: 2,
};

test('a head is read as it was written; one that is damaged or of another version is refused', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tandem-head-'));
  try {
    await expect(readHead(directory)).rejects.toThrow(/head\.json is no head of this version\./);
    await writeHead(directory, head);
    expect(await readHead(directory)).toEqual(head);
    await writeHead(directory, { ...head, dimensions: 4 });
    await expect(readHead(directory)).rejects.toThrow(/head\.json is damaged\./);
    await writeFile(join(directory, headFile), '{"version":2}');
    await expect(readHead(directory)).rejects.toThrow(/is no head of this version\./);
  } finally {
    await rm(directory, { recursive: true });
  }
});
