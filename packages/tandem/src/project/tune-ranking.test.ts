import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../core/hash.ts';
import { evalLearnt } from '../evaluate/learnt/eval-learnt.ts';
import { forget } from '../forget/forget.ts';
import { embedderIdentity } from '../index/embedder-identity.ts';
import { retrievalSettings } from '../parts/retriever-for.ts';
import { generalRanking } from '../retrieve/fuse/ranking.ts';
import {
  type LearnedRanking,
  readLearnedRanking,
  writeLearnedRanking,
} from '../retrieve/learn/learned-ranking.ts';
import { createTandem } from '../runtime/create-tandem.ts';
import { ingest } from '../runtime/ingest.ts';
import { search } from '../runtime/search.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import { tuneEmbedder } from '../tune/encoders/tune-embedder.ts';
import { tuneReranker } from '../tune/encoders/tune-reranker.ts';
import { tuneRanking } from '../tune/ranking/tune-ranking.ts';
import { type LetterProject, makeLetterProject } from './letter-project.fixture.ts';
import { openProject, type Project } from './open-project.ts';

/** One question for each document and way of asking, each answered in a section. */
const ask = (
  letters: LetterProject,
  answers: readonly { split: string; section: string; from: number; to: number }[],
) =>
  writeFile(
    join(letters.directory, 'questions.jsonl'),
    answers
      .flatMap(({ split, section, from, to }) =>
        Array.from({ length: to - from }, (_, index) => from + index).flatMap((at) =>
          ['t', 's t'].map((words) => ({
            id: `q${at} ${words}`,
            group: `g${at}`,
            split,
            question: `${words} ${String.fromCharCode(97 + at)} ${String.fromCharCode(100 + at)}`,
            source: { documentId: `d${at}`, section },
          })),
        ),
      )
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
  );

/** Writes a ranking into a folder of the project, as if it had been learnt. */
async function putRanking(
  project: Pick<Project, 'dataDirectory' | 'models'>,
  learned: Partial<LearnedRanking>,
): Promise<string> {
  const folder = join(project.dataDirectory, 'rankings', 'ranking_1');
  await mkdir(folder, { recursive: true });
  const { hash } = embedderIdentity(await project.models.embedder());
  await writeLearnedRanking(folder, {
    ranking: generalRanking,
    documents: [],
    embedderHash: hash,
    ...learned,
  });
  return folder;
}

test('too few questions are refused, with how many there are', async () => {
  await using letters = await makeLetterProject();
  await using project = await openProject(letters);
  await ingest(project);
  await expect(tuneRanking(project)).rejects.toThrow(
    /is learnt from 12 questions and judged on 6 others; letters has \d+ and \d+ that say where their answer stands\./,
  );
  expect(await project.catalog.runs.list({ kind: 'tune' })).toEqual([]);
});

test('what is worse on the questions set apart is refused, with both figures; nothing is written', async () => {
  await using letters = await makeLetterProject();
  // Other answers than those that it is learnt from.
  await ask(letters, [
    { split: 'train', section: 'i', from: 0, to: 8 },
    { split: 'validation', section: 'j', from: 8, to: 12 },
  ]);
  await using project = await openProject(letters);
  await ingest(project);
  const refused = tuneRanking(project);
  await expect(refused).rejects.toMatchObject({ code: 'invalid_input', where: 'dataset.questions' });
  await expect(refused).rejects.toThrow(
    /What was learnt from 16 questions is worse on the 8 set apart: nDCG@10 0\.\d{3}, and 0\.\d{3} without it\. The general ranking stays\./,
  );
  await expect(readdir(join(project.dataDirectory, 'rankings'))).rejects.toThrow('ENOENT');
});

test('the same questions, documents and settings give the same ranking; another question does not', async () => {
  await using letters = await makeLetterProject();
  const same = (to: number) =>
    ask(letters, [
      { split: 'train', section: 'i', from: 0, to },
      { split: 'validation', section: 'i', from: 8, to: 12 },
    ]);
  await same(8);
  await using project = await openProject(letters);
  await ingest(project);
  const first = await tuneRanking(project);
  expect(first).toMatchObject({ questions: { train: 16, validation: 8 }, reused: false });
  expect(first.reference).toBe(`./.tandem/rankings/${first.id}`);
  expect(await tuneRanking(project)).toEqual({ ...first, reused: true });
  const [run, ...others] = await project.catalog.runs.list({ kind: 'tune' });
  expect(others).toEqual([]);
  expect(run).toMatchObject({ id: first.runId, status: 'done', artefacts: [`rankings/${first.id}`] });
  await same(7);
  const second = await tuneRanking(project);
  expect(second).toMatchObject({ questions: { train: 14 }, reused: false });
  expect(second.id).not.toBe(first.id);
});

test('the setting is a path of the project; a folder without a ranking, or one of another embedder, is refused', async () => {
  await using letters = await makeLetterProject({ retrieve: { ranking: './.tandem/rankings/ranking_1' } });
  await using project = await openProject(letters);
  await ingest(project);
  const searched = () => search(project, 'a d h', { explain: true });
  await expect(searched()).rejects.toThrow(/rankings\/ranking_1\/ranking\.json cannot be read\./);
  await putRanking(project, { embedderHash: 'another' });
  await expect(searched()).rejects.toThrow('The ranking was learnt with another embedder than tandem.local:');
  await putRanking(project, { ranking: { ...generalRanking, headings: 0.5 } });
  const { explanation } = await searched();
  expect(explanation!.isLearned).toBe(true);
  expect(explanation!.weights.headings).toBeGreaterThan(0.2);

  // What was made with it is known by its content, not by its path.
  const before = await retrievalSettings(project);
  await putRanking(project, { ranking: generalRanking });
  expect(await retrievalSettings(project)).not.toEqual(before);
});

test('a weight that was learnt of one reranker is not used for another', async () => {
  await using letters = await makeLetterProject({
    retrieve: { ranking: '.tandem/rankings/ranking_1', reranker: 'local:./reranker' },
  });
  await using project = await openProject(letters);
  await ingest(project);
  const shareOf = async (reranker: string) => {
    await putRanking(project, { reranker, ranking: { ...generalRanking, reranked: 0.9 } });
    await using again = await openProject(letters);
    const { passages, explanation } = await search(again, 'a d h', { explain: true });
    const told = explanation!.passages.find(({ id }) => id === passages[0]!.id)!;
    return told.shares.reranker / passages[0]!.scores.rerank!;
  };
  expect(await shareOf('local:./reranker')).toBeCloseTo(0.9);
  expect(await shareOf('local:./other')).toBeCloseTo(generalRanking.reranked);
});

test('a forgotten document’s questions are taken out of learnt rankings, which are named', async () => {
  await using letters = await makeLetterProject();
  await using project = await openProject(letters);
  await ingest(project);
  const one = (id: string, heading: string) => ({
    heading,
    document: sha256(id),
    vector: Float32Array.of(id === 'd3' ? 1 : 0, id === 'd3' ? 0 : 1),
  });
  const asked = [one('d3', 'only here'), one('d4', 'i'), one('d3', 'i')];
  const folder = await putRanking(project, { documents: [sha256('d3'), sha256('d4')], asked });
  const before = await readFile(join(folder, 'ranking.json'), 'utf8');
  expect((await forget(project, 'd3', { dryRun: true })).rankings).toEqual(['ranking_1']);
  expect(await readFile(join(folder, 'ranking.json'), 'utf8')).toBe(before);
  expect(await forget(project, 'd3')).toMatchObject({ rankings: ['ranking_1'], leftovers: [] });
  expect((await readLearnedRanking(folder)).asked).toEqual([asked[1]]);
  expect(await readFile(join(folder, 'ranking.json'), 'utf8')).not.toContain('only here');
  expect((await forget(project, 'd5')).rankings).toEqual([]);
  await forget(project, 'd4');
  expect((await readLearnedRanking(folder)).asked).toBeUndefined();
});

test('each is compared with and without; what cannot be compared is said', async () => {
  await using letters = await makeLetterProject();
  await using project = await openProject(letters);
  await ingest(project);
  const none = await evalLearnt(project);
  expect(none).toMatchObject({ parts: [], leftOut: [], configured: { cases: 13 } });
  expect(none.summary).toBe('Nothing has been learnt or trained from this project’s questions yet.');

  await putRanking(project, { embedderHash: 'another' });
  await cp(join(letters.directory, 'reranker'), join(project.dataDirectory, 'rerankers', 'reranker_1'), {
    recursive: true,
  });
  const { configured, parts, together, leftOut, summary } = await evalLearnt(project);
  expect(leftOut).toMatchObject([{ kind: 'ranking', reference: './.tandem/rankings/ranking_1' }]);
  expect(summary).toContain('The latest ranking is not compared: it was learnt with another embedder');
  expect(together).toEqual([]);
  expect(parts).toMatchObject([
    { kind: 'reranker', reference: 'local:./.tandem/rerankers/reranker_1', isConfigured: false },
  ]);
  const [{ difference, with: withIt, without }] = parts as [(typeof parts)[0]];
  expect(without).toEqual({ recall: configured.recall, ndcg: configured.ndcg });
  expect(difference.ndcg.value).toBeCloseTo(withIt.ndcg.value - without.ndcg.value);
  expect(difference.recallAt1.value).toBeCloseTo(withIt.recall[1]!.value - without.recall[1]!.value);
  expect(difference.ndcg.groups).toBe(configured.groups);
});

test('a tuned embedder is compared in an index of its own, beside the configured one or instead of it', async () => {
  await using letters = await makeLetterProject();
  // None for validation, so that the last weights are kept.
  await ask(letters, [{ split: 'train', section: 'i', from: 0, to: 12 }]);
  await using project = await openProject(letters);
  await ingest(project);
  const ranking = { ...generalRanking, headings: 0.4 };
  await putRanking(project, { ranking });
  await tuneReranker(project, { epochs: 1 });
  const { id, runId } = await tuneEmbedder(project, { epochs: 3 });
  expect((await project.catalog.runs.get(runId))!.config).toMatchObject({ base: 'local:./model' });
  const embedder = `local:./.tandem/embedders/${id}`;
  const before = await project.catalog.index.get();
  const { parts, together } = await evalLearnt(project);
  expect(parts.map(({ kind, isConfigured }) => [kind, isConfigured])).toEqual([
    ['ranking', false],
    ['reranker', false],
    ['embedder', false],
  ]);
  expect(parts[2]).toMatchObject({ reference: embedder });
  expect(parts[2]).not.toHaveProperty('note');
  // The ranking was learnt with the embedder of now.
  expect(together.map(({ kinds }) => kinds)).toEqual([
    ['ranking', 'reranker'],
    ['reranker', 'embedder'],
  ]);
  expect(together[1]!.note).toMatch(/^without the learnt ranking/);
  expect(await project.catalog.index.get()).toEqual(before);
  expect(await readdir(join(project.dataDirectory, 'embedded'))).toHaveLength(1);

  const { directory, dataDirectory, catalog, openSources } = project;
  await using store = await openLanceStore(join(directory, 'tuned-index'));
  const given = {
    directory,
    dataDirectory,
    catalog,
    store,
    embedder,
    cases: 'cases.jsonl',
    sources: openSources,
  };
  const settings = { chunk: project.settings.chunk };
  await using tuned = await createTandem({ ...given, settings });
  await ingest(tuned);
  const other = await evalLearnt(tuned);
  expect(other.parts.map(({ kind }) => kind)).toEqual(['reranker', 'embedder']);
  expect(other.parts[1]).toMatchObject({
    reference: embedder,
    isConfigured: true,
    with: { ndcg: other.configured.ndcg },
  });
  expect(other.summary).toContain('The latest ranking is not compared: it was learnt with another');
  await putRanking(tuned, { ranking });
  await using all = await createTandem({
    ...given,
    settings: { ...settings, retrieve: { ranking: './.tandem/rankings/ranking_1' } },
  });
  const configured = await evalLearnt(all);
  expect(configured.together.map(({ kinds }) => kinds)).toEqual([['ranking', 'reranker', 'embedder']]);
  expect(configured.parts.find(({ kind }) => kind === 'embedder')!.note).toMatch(/^both without the learnt/);
  expect((await forget(all, 'd3')).files).toContain('embedded');
  expect(await readdir(dataDirectory)).not.toContain('embedded');
});

test('with a reranker, what its score is worth is learnt on the validation questions', async () => {
  await using letters = await makeLetterProject({ retrieve: { reranker: 'local:./reranker' } });
  await ask(letters, [
    { split: 'train', section: 'i', from: 0, to: 8 },
    { split: 'validation', section: 'i', from: 8, to: 12 },
  ]);
  await using project = await openProject(letters);
  await ingest(project);
  const { id, ranking, reranked } = await tuneRanking(project);
  expect(reranked).toMatchObject({ questions: 8, weight: ranking.reranked });
  expect(reranked!.after).toBeGreaterThanOrEqual(reranked!.before);
  const learned = await readLearnedRanking(join(project.dataDirectory, 'rankings', id));
  expect(learned).toMatchObject({ ranking, reranker: 'local:./reranker' });
  expect(await tuneRanking(project)).toMatchObject({ reranked, reused: true });
});
