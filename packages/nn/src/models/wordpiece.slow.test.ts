import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { miniLmDirectory } from './cached-models.fixture.ts';
import { WordPieceTokenizer } from './wordpiece.ts';

const references = path.join(import.meta.dirname, '../../references');
let tokenizer: WordPieceTokenizer;
beforeAll(async () => {
  tokenizer = await WordPieceTokenizer.load(path.join(miniLmDirectory(), 'tokenizer.json'));
});

test('ids and offsets are those of the Rust library on odd texts', async () => {
  const { cases } = JSON.parse(await readFile(path.join(references, 'tokens.json'), 'utf8')) as {
    cases: { text: string; ids: number[]; offsets: [number, number][] }[];
  };
  expect(cases.length).toBeGreaterThan(200);
  for (const { text, ids, offsets } of cases) expect(tokenizer.encode(text), text).toEqual({ ids, offsets });
});

test('on plain English it agrees with @huggingface/tokenizers', async () => {
  const json = JSON.parse(await readFile(path.join(miniLmDirectory(), 'tokenizer.json'), 'utf8'));
  const other = new Tokenizer(json, {});
  const text = await readFile(path.join(import.meta.dirname, '../../../../ARCHITECTURE.md'), 'utf8');
  const { ids } = tokenizer.encode(text);
  expect(ids.length).toBeGreaterThan(300);
  expect(ids).toEqual(other.encode(text, { add_special_tokens: false }).ids);
});

test('offsets lie in order inside any text, and what lies between tokens is never a letter', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      const { ids, offsets } = tokenizer.encode(text);
      expect(offsets.length).toBe(ids.length);
      expect(tokenizer.count(text)).toBe(ids.length);
      let end = 0;
      for (const [from, to] of offsets) {
        // Ends never go back; starts may, where one character became two ("ŉ" is "ʼ" and "n").
        expect(to).toBeGreaterThan(from);
        expect(to).toBeGreaterThanOrEqual(end);
        expect(text.slice(end, from)).not.toMatch(/[\p{L}\p{N}]/u);
        end = to;
      }
      expect(end).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 200 },
  );
});

test('tokens of a text are those of its words', () => {
  const words = fc.array(fc.stringMatching(/^[\p{L}\p{N}.,;()-]{1,12}$/u), { maxLength: 20 });
  fc.assert(
    fc.property(words, (parts) => {
      const apart = parts.flatMap((part) => tokenizer.encode(part).ids);
      expect(tokenizer.encode(parts.join(' \n')).ids).toEqual(apart);
    }),
  );
});

test('a tokenizer of another kind, a damaged file and a missing one are told apart', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'wordpiece-'));
  const file = path.join(folder, 'tokenizer.json');
  await expect(WordPieceTokenizer.load(file)).rejects.toThrow(/There is no file .*tokenizer\.json/);

  await writeFile(file, '{"model": {"type": "BPE", "vocab": {}}}');
  await expect(WordPieceTokenizer.load(file)).rejects.toSatisfy(UnsupportedModelError.isInstance);
  await expect(WordPieceTokenizer.load(file)).rejects.toThrow(/a BPE model/);

  await writeFile(file, '{"model": {"type": "WordPie');
  await expect(WordPieceTokenizer.load(file)).rejects.toSatisfy(FileFormatError.isInstance);
  await expect(WordPieceTokenizer.load(file)).rejects.toThrow(/is not JSON/);

  await writeFile(file, '{"model": {"type": "WordPiece"}}');
  await expect(WordPieceTokenizer.load(file)).rejects.toThrow(/no WordPiece vocabulary/);
});
