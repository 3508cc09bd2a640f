import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { BertEncoder } from './bert.ts';
import { largestDifference, readTextsWithVectors } from './bert-reference.fixture.ts';

const references = path.join(import.meta.dirname, '../../references');

describe('a tiny model with float16 weights, pooling by the first token and no normalisation', () => {
  const tiny = path.join(references, 'tiny-bert');

  test('vectors are those of sentence-transformers', async () => {
    const { texts, vectors } = await readTextsWithVectors('tiny-bert/vectors.safetensors');
    await using encoder = await BertEncoder.load({ directory: tiny, threads: 1 });
    expect(encoder.maxTokens).toBe(12);
    const own = await encoder.embed(texts);
    for (const [index, vector] of own.entries()) {
      expect(largestDifference(vector, vectors[index]!), texts[index]).toBeLessThan(2e-5);
    }
  });

  test('nothing works after it has been disposed of', async () => {
    const encoder = await BertEncoder.load({ directory: tiny, threads: 1 });
    await encoder[Symbol.asyncDispose]();
    await encoder[Symbol.asyncDispose]();
    await expect(encoder.embed(['a'])).rejects.toThrow(/disposed/);
  });

  const damages: [string, (folder: string) => Promise<void>, RegExp][] = [
    [
      'no weights',
      (folder) => rm(path.join(folder, 'model.safetensors')),
      /There is no file .*model\.safetensors/,
    ],
    ['cut weights', (folder) => truncate(path.join(folder, 'model.safetensors'), 9000), /cut short/],
    ['no config', (folder) => rm(path.join(folder, 'config.json')), /There is no file .*config\.json/],
    [
      'another architecture',
      (folder) => edit(folder, 'config.json', { model_type: 'roberta' }),
      /model_type = "roberta"/,
    ],
    [
      'another activation',
      (folder) => edit(folder, 'config.json', { hidden_act: 'relu' }),
      /hidden_act = "relu"/,
    ],
    [
      'another size',
      (folder) => edit(folder, 'config.json', { hidden_size: 32 }),
      /has the shape \[13,16\] where config\.json asks for \[13,32\]/,
    ],
    [
      'more layers',
      (folder) => edit(folder, 'config.json', { num_hidden_layers: 3 }),
      /has no tensor "bert\.encoder\.layer\.2/,
    ],
    [
      'a size that is no number',
      (folder) => edit(folder, 'config.json', { num_attention_heads: 'x' }),
      /num_attention_heads as "x"/,
    ],
    [
      'another pooling',
      (folder) =>
        edit(folder, '1_Pooling/config.json', {
          pooling_mode_cls_token: false,
          pooling_mode_max_tokens: true,
        }),
      /pooling_mode = "max"/,
    ],
  ];
  test.each(damages)('%s: one sentence that names the file', async (_, damage, message) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'bert-'));
    await cp(tiny, folder, { recursive: true });
    await damage(folder);
    await expect(BertEncoder.load({ directory: folder })).rejects.toThrow(message);
    await rm(folder, { recursive: true });
  });
});

async function edit(folder: string, name: string, change: Record<string, unknown>): Promise<void> {
  const file = path.join(folder, name);
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...change }));
}
