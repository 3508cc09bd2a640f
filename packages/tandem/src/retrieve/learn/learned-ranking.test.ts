import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generalRanking } from '../fuse/ranking.ts';
import { headingKey, sectionsFor } from './asked-sections.ts';
import { readLearnedRanking, writeLearnedRanking } from './learned-ranking.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-ranking-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a learnt ranking', () => {
  test('is read as it was written, vectors to the bit', async () => {
    const asked = [
      { heading: 'returns', document: 'b', vector: Float32Array.of(0.6, 0.8) },
      { heading: 'how to pay', document: 'a', vector: Float32Array.of(Math.fround(1 / 3), Math.SQRT1_2) },
    ];
    const documents = ['a', 'b', 'c'];
    const ranking = { ...generalRanking, headings: 0.25 };
    const learned = { ranking, documents, embedderHash: 'e', reranker: 'local:./r', asked };
    await writeLearnedRanking(folder, learned);
    expect(await readLearnedRanking(folder)).toEqual(learned);
    const plain = { ranking: generalRanking, documents, embedderHash: 'e' };
    await writeLearnedRanking(folder, plain);
    expect(await readLearnedRanking(folder)).toEqual(plain);
  });

  test.each([
    ['{', 'is no ranking of this version'],
    ['{"version":2}', 'is no ranking of this version'],
    [
      JSON.stringify({
        version: 1,
        embedderHash: 'e',
        ranking: generalRanking,
        documents: ['d'],
        asked: { dimensions: 2, headings: ['a'], documents: [0], vectors: 'AAAA' },
      }),
      'is damaged',
    ],
    [
      JSON.stringify({
        version: 1,
        embedderHash: 'e',
        ranking: generalRanking,
        documents: ['d'],
        asked: { dimensions: 1, headings: ['a'], documents: [1], vectors: 'AACAPw==' },
      }),
      'is damaged',
    ],
  ])('%s is refused', async (text, why) => {
    writeFileSync(join(folder, 'ranking.json'), text);
    await expect(readLearnedRanking(folder)).rejects.toThrow(why);
  });

  test('a folder without one is refused', async () => {
    await expect(readLearnedRanking(join(folder, 'nowhere'))).rejects.toThrow('cannot be read');
  });
});

describe('sections', () => {
  const asked = [
    { heading: 'returns', vector: Float32Array.of(1, 0) },
    { heading: 'returns', vector: Float32Array.of(0.99, Math.sqrt(1 - 0.99 ** 2)) },
    { heading: 'payment', vector: Float32Array.of(0, 1) },
  ];

  test('that questions like this one were answered in; shares are together 1', () => {
    const shares = sectionsFor(Float32Array.of(1, 0), asked);
    expect(shares.get('returns')).toBeGreaterThan(0.99);
    expect([...shares.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
    expect(sectionsFor(Float32Array.of(1, 0), []).size).toBe(0);
  });

  test('are compared by the innermost heading, capitals and accents aside; a title is none', () => {
    expect(headingKey(['Manual', 'Paying', 'Méthodes de  paiement'])).toBe('methodes de paiement');
    expect(headingKey(['Manual'])).toBeUndefined();
    expect(headingKey(['Manual', '—'])).toBeUndefined();
  });
});
