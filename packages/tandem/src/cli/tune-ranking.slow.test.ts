import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import { evalRetrieval } from '../evaluate/eval-retrieval.ts';
import { evalLearnt } from '../evaluate/learnt/eval-learnt.ts';
import { makeManualProject } from '../project/manual-project.fixture.ts';
import { createTandem } from '../runtime/create-tandem.ts';
import { ingest } from '../runtime/ingest.ts';
import { search } from '../runtime/search.ts';
import { fromDocuments } from '../sources/documents.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import { tuneRanking } from '../tune/ranking/tune-ranking.ts';
import { startTandem } from './tandem-process.fixture.ts';

/** What a team's questions mean by a word is learnt from them, and holds for devices of which no question was seen. */

test('on the command line: learnt, used, explained, measured', { timeout: 180_000 }, async () => {
  await using manuals = await makeManualProject();
  const tandem = (...args: string[]) => startTandem(args, { cwd: manuals.directory }).done;
  expect((await tandem('ingest')).code).toBe(0);
  const question = 'How long will my Maple oven last?';
  const general = await tandem('search', question, '--explain', '--k', '3');
  expect(general.out).toMatch(/1\. Maple oven › Running time\n/);
  expect(general.out).not.toMatch(/weights: .*(sections|learnt)/);

  const learned = JSON.parse((await tandem('tune', '--ranking', '--json')).out);
  expect(learned).toMatchObject({ questions: { train: 36, validation: 12 }, reused: false });
  expect(learned.ranking.sections).toBeGreaterThan(0.1);
  expect(learned.validation.difference.low).toBeGreaterThan(0);
  const again = await tandem('tune', '--ranking');
  expect(again.out).toMatch(/^Nothing has changed since this ranking was learnt\.\n/);
  expect(again.out).toMatch(/Weights: .*sections 0\.00 → 0\.\d\d/);
  expect(again.out).toContain(`set retrieve.ranking to "${learned.reference}"`);

  // Not used before the config names it; measured all the same.
  const before = JSON.parse((await tandem('eval', 'retrieval', '--json')).out);
  const shown = await tandem('eval', 'retrieval', '--learnt');
  expect(shown.out).toMatch(/^ranking \(not configured\) +[01]\.\d{3} /m);
  expect(shown.out).toMatch(
    /^The ranking pays \(nDCG@10 0\.\d{3} without it, [01]\.\d{3} with it; difference \+0\.\d{3}, 95 % interval \+0\.\d{3} to \+0\.\d{3}\)\./m,
  );
  expect(shown.out).toContain(`To use the ranking, set retrieve.ranking to "${learned.reference}".`);

  await manuals.configure({ retrieve: { ranking: learned.reference } });
  const explained = await tandem('search', question, '--explain', '--k', '3');
  expect(explained.out).toMatch(/^weights: .*sections 0\.\d\d.* \(learnt from this project’s questions\)$/m);
  expect(explained.out).toMatch(/1\. Maple oven › Guarantee\n/);
  expect(explained.out).toMatch(/\d+ % of the questions like this one were answered below such a heading/);
  expect(explained.out).toMatch(/ = .*sections 0\.\d{3}/);
  const after = JSON.parse((await tandem('eval', 'retrieval', '--json')).out);
  expect(after.ndcg.value).toBeGreaterThan(before.ndcg.value + 0.3);
  const told = JSON.parse((await tandem('eval', 'retrieval', '--learnt', '--json')).out);
  expect(told.parts).toMatchObject([{ kind: 'ranking', isConfigured: true, verdict: 'pays' }]);
  expect(told.parts[0].with.ndcg).toEqual(after.ndcg);
  expect(told.parts[0].without.ndcg).toEqual(before.ndcg);

  const doctored = await tandem('doctor');
  expect(doctored.out).toMatch(/Ranking.*learnt with this embedder/);
  await manuals.configure({ retrieve: { ranking: './nowhere' } });
  const missing = await tandem('search', question);
  expect(missing.code).toBe(1);
  expect(missing.err).toMatch(/nowhere.ranking\.json cannot be read\..*tandem tune --ranking/s);
  expect((await tandem('doctor')).out).toMatch(/Ranking.*nowhere/);
});

test('in a program, of parts', { timeout: 120_000 }, async () => {
  await using manuals = await makeManualProject();
  const { directory } = manuals;
  const dataDirectory = join(directory, 'data');
  await mkdir(dataDirectory);
  await using catalog = await openCatalog(join(dataDirectory, 'catalog.sqlite'));
  await using store = await openLanceStore(join(dataDirectory, 'index'));
  const parts = {
    directory,
    dataDirectory,
    catalog,
    store,
    sources: [
      fromDocuments(
        await Promise.all(
          Array.from({ length: 12 }, async (_, at) => ({
            uri: `m${at}.md`,
            text: await readFile(join(directory, 'documents', `m${at}.md`), 'utf8'),
          })),
        ),
      ),
    ],
    questions: 'questions.jsonl',
    cases: 'cases.jsonl',
  };
  await using tandem = await createTandem(parts);
  await ingest(tandem);
  const before = (await evalRetrieval(tandem)).recall[1]!.value;
  const { reference } = await tuneRanking(tandem);
  expect(reference).toMatch(/^\.\/data\/rankings\//);
  const measured = await evalLearnt(tandem);
  expect(measured.parts).toMatchObject([{ kind: 'ranking', reference, verdict: 'pays' }]);
  expect(measured.configured.recall[1]!.value).toBe(before);

  await using learned = await createTandem({ ...parts, settings: { retrieve: { ranking: reference } } });
  expect((await evalRetrieval(learned)).recall[1]!.value).toBeGreaterThan(before + 0.5);
  const { explanation } = await search(learned, 'Where will my Larch scale go?', { explain: true });
  expect(explanation).toMatchObject({ isLearned: true });
  expect(explanation!.weights.sections).toBeGreaterThan(0.05);
});
