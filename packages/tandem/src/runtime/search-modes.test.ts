import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SettingsInput } from '../core/settings.ts';
import { evalModes } from '../evaluate/eval-modes.ts';
import { evalRetrieval } from '../evaluate/eval-retrieval.ts';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { search } from './search.ts';

/** Searching by words, by meaning and by both, with an embedder of some thousand weights whose words are letters. */

const embedder = `local:${join(import.meta.dirname, '../../../nn/references/bert/embedder')}`;
const letter = (at: number) => String.fromCharCode(97 + at);
const documents = Array.from({ length: 12 }, (_, at) => ({
  uri: `d${at}.md`,
  text: `# Page ${at}\n\n## First part\n\nWord ${letter(at)}x ${letter(at)}y.\n\n## Second *part*\n\nWord ${letter(at)}z.\n`,
}));
const cases = documents.map(({ uri }, at) => ({
  id: `c${at}`,
  question: `${letter(at)}x ${letter(at)}y`,
  expected: 'x',
  source: { documentId: uri, section: 'First part' },
}));

async function tandemWith(retrieve: SettingsInput['retrieve'] = {}, lines: object[] = cases) {
  const tandem = await createTandem({
    embedder,
    cases: lines as typeof cases,
    sources: [fromDocuments(documents)],
    settings: { retrieve, chunk: { maxTokens: 20, overlapTokens: 0 } },
  });
  await ingest(tandem);
  return tandem;
}

test('the setting decides how questions are searched, a call can say otherwise', async () => {
  await using tandem = await tandemWith({ mode: 'lexical' });
  const [found] = (await search(tandem, 'cx cy')).passages;
  expect(found).toMatchObject({ uri: 'd2.md', scores: { lexical: expect.any(Number) } });
  // Whether a question is about the documents at all is told by it.
  expect(found!.scores.dense).toBeLessThanOrEqual(1);
  expect((await search(tandem, 'cx cy', { mode: 'dense' })).passages[0]!.scores).toEqual({
    dense: expect.any(Number),
  });
  expect((await search(tandem, 'cx cy', { mode: 'hybrid' })).passages[0]!.scores.fused).toBeDefined();
});

test('a conversation and a rewritten question are searched in every mode', async () => {
  await using tandem = await tandemWith();
  for (const mode of ['lexical', 'dense'] as const) {
    const turns = [{ role: 'user', content: 'What is said of cx cy?' } as const];
    const followed = await search(tandem, 'And after that?', { mode, turns });
    expect(followed.rewritten).toContain('cx cy');
    const rewritten = await search(tandem, 'qq', { mode, searchQuery: 'ex ey', k: 12 });
    expect(rewritten.passages.map(({ uri }) => uri)).toContain('d4.md');
  }
});

test('modes beside each other: by words all is found, and a warning says that the mode in use finds less', async () => {
  await using tandem = await tandemWith({ mode: 'dense' });
  const { used, others, summary } = await evalModes(tandem, { ks: [1] });
  expect(used.mode).toBe('dense');
  expect(others.map(({ mode }) => mode)).toEqual(['hybrid', 'lexical']);
  const words = others[1]!;
  expect(words.evaluation.recall[1]!.value).toBe(1);
  expect(words.difference.ndcg.value).toBeCloseTo(words.evaluation.ndcg.value - used.evaluation.ndcg.value);
  expect(words.verdict).toBe(words.difference.ndcg.low > 0 ? 'better' : 'no difference found');
  expect(words.verdict).toBe('better');
  expect(summary).toMatch(
    /^Warning: on these questions (?:words alone|hybrid) finds more than meaning alone/,
  );
  expect((await evalRetrieval(tandem, { ks: [1] })).ndcg).toEqual(used.evaluation.ndcg);
});

test('where no other mode finds more, none is recommended', async () => {
  await using tandem = await tandemWith({ mode: 'lexical' });
  expect((await evalModes(tandem)).summary).toBe(
    'No other mode finds noticeably more than words alone, which is used.',
  );
});

test('what orders hybrid searches alone is refused beside another mode', async () => {
  await using tandem = await createTandem({
    embedder,
    sources: [fromDocuments(documents)],
    settings: { retrieve: { mode: 'lexical', ranking: './rankings/r1' } },
  });
  await ingest(tandem);
  await expect(search(tandem, 'a')).rejects.toMatchObject({
    code: 'invalid_input',
    message: 'retrieve.mode is "lexical", and retrieve.ranking is for hybrid searches.',
  });
});

test('of a place that the documents do not have, their sections and the nearest are told', async () => {
  const wrong = [
    { ...cases[0], source: { documentId: 'd0.md', section: 'The first parts' } },
    { ...cases[1], source: { documentId: 'docs/d1.md', section: 'First part' } },
    { ...cases[2], source: { documentId: 'd2.md', section: 'Second part' } },
  ];
  await using tandem = await tandemWith({}, wrong);
  const { failures } = await evalRetrieval(tandem);
  expect(failures.filter(({ kind }) => kind === 'not indexed').map(({ expected }) => expected)).toEqual([
    {
      documentId: 'd0.md',
      section: 'The first parts',
      sections: ['Page 0', 'First part', 'Second part'],
      nearest: 'First part',
    },
    { documentId: 'docs/d1.md', section: 'First part', nearest: 'd1.md' },
  ]);
});
