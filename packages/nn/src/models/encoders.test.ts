import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasIntegerProducts } from '../graph/index.ts';
import { BertEncoder } from './bert.ts';
import { largestDifference } from './bert-reference.fixture.ts';
import { loadTokenizer } from './text-tokenizer.ts';

const references = path.join(import.meta.dirname, '../../references/encoders');

/** What `references/encoders/write_references.py` wrote beside each model. */
interface Reference {
  texts: string[];
  ids: number[][];
  vectors: number[][];
  tokens: { text: string; ids: number[] }[];
}

const read = async (name: string): Promise<Reference> =>
  JSON.parse(await readFile(path.join(references, name, 'reference.json'), 'utf8'));

describe.each([
  ['xlm-roberta', 16, 48],
  ['bert-unigram', 12, 48],
  ['modernbert', 16, 64],
])('%s', (name, dimensions, maxTokens) => {
  const directory = path.join(references, name);

  test('vectors are those of sentence-transformers', async () => {
    const { texts, vectors } = await read(name);
    await using encoder = await BertEncoder.load({ directory, threads: 1 });
    expect(encoder).toMatchObject({ dimensions, maxTokens, maxTextTokens: maxTokens - 2 });
    const own = await encoder.embed(texts);
    expect(texts.length).toBeGreaterThan(6);
    for (const [index, vector] of own.entries())
      expect(largestDifference(vector, Float32Array.from(vectors[index]!)), texts[index]).toBeLessThan(1e-4);
  });

  test('tokens are those of the Rust library, also of odd texts', async () => {
    const { texts, ids, tokens } = await read(name);
    const tokenizer = await loadTokenizer(path.join(directory, 'tokenizer.json'));
    const { prefix, suffix } = tokenizer;
    for (const [index, text] of texts.entries())
      expect([...prefix, ...tokenizer.encode(text).ids, ...suffix], text).toEqual(ids[index]);
    expect(tokens.length).toBeGreaterThan(200);
    for (const { text, ids } of tokens) {
      expect(tokenizer.encode(text).ids, JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.count(text)).toBe(ids.length);
    }
  });
});

test('a ModernBERT in int8 is refused, and is told why', async () => {
  await expect(
    BertEncoder.load({ directory: path.join(references, 'modernbert'), threads: 1, precision: 'int8' }),
  ).rejects.toMatchObject(
    // Where the CPU would compute int8 wrongly, any encoder is refused before.
    (await hasIntegerProducts())
      ? {
          code: 'unsupported_model',
          feature: 'int8',
          message: expect.stringMatching(/ModernBERT.* float32 only/),
        }
      : { message: expect.stringMatching(/int8.*CPU|CPU.*int8|eight-bit/) },
  );
});
