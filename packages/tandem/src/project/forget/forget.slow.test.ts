import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildMessages } from '../../answer/prompt.ts';
import { textOfMessage } from '../../core/chat-message.ts';
import { sha256 } from '../../core/hash.ts';
import { newId } from '../../core/id.ts';
import type { Adapter } from '../../core/types/adapter.ts';
import type { Answer } from '../../core/types/answer.ts';
import type { Example } from '../../core/types/example.ts';
import { buildDataset } from '../../dataset/build-dataset.ts';
import { feedbackFile, rateAnswer } from '../../dataset/feedback.ts';
import { compareGivenArms } from '../../evaluate/compare-given-arms.fixture.ts';
import { createMetrics, defaultPrimary } from '../../evaluate/metrics/index.ts';
import { renderReport } from '../../evaluate/report.ts';
import { openResultStore } from '../../evaluate/result-store.ts';
import { forget } from '../../forget/forget.ts';
import { checkConsistency } from '../../ingest/check-consistency.ts';
import { ingest } from '../../runtime/ingest.ts';
import { openProject, type Project } from '../open-project.ts';

/** A project of five short documents with an embedder of some thousand weights. */
let directory: string;
const data = (...path: string[]) => join(directory, '.tandem', ...path);

/** Only this document's words; the last sentence of each stands in all of them. */
const secret = 'The reactor in hall seven is switched off with the quartz key kept by Amara Okonkwo.';
const removed = '[removed: a document was forgotten]';
const boilerplate = 'Ask the safety office on the ground floor before you do anything described here.';
const body: Record<string, string> = {
  reactor: `${secret} It takes nineteen minutes until the blue lamp beside the lead door goes out.`,
  pump: 'The cooling pump is greased twice a year with the yellow paste from the second shelf.',
  crane: 'The crane carries at most four tonnes while the wind is weaker than forty kilometres an hour.',
  gate: 'The north gate opens at six in the morning and is locked by the night watch at ten.',
  lift: 'The goods lift stops between floors when both doors are pushed at once by mistake.',
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tandem-forget-'));
  const model = join(import.meta.dirname, '../../../../nn/references/bert/embedder');
  cpSync(model, join(directory, 'model'), { recursive: true });
  mkdirSync(join(directory, 'documents'));
  const questions = [];
  for (const [name, text] of Object.entries(body)) {
    writeFileSync(
      join(directory, 'documents', `${name}.md`),
      `---\nid: ${name}-manual\n---\n\n# ${name}\n\n## Use\n\n${text}\n\n${boilerplate}\n`,
    );
    questions.push({
      id: `q-${name}`,
      question: `How is the ${name} used?`,
      searchQuery: `${name} use`,
      split: 'train',
      expected: `${text.split('. ')[0]!.replace(/\.?$/, '.')} [1]`,
      source: { documentId: `${name}-manual` },
    });
  }
  writeFileSync(
    join(directory, 'questions.jsonl'),
    questions.map((each) => `${JSON.stringify(each)}\n`).join(''),
  );
  const config = {
    name: 'test',
    sources: [{ type: 'files', path: 'documents' }],
    models: { embedder: 'local:./model' },
    chunk: { maxTokens: 22, overlapTokens: 0 },
    dataset: {
      questions: 'questions.jsonl',
      mix: { passages: 10, absent: 4, closed: 5, rewrite: 5, glossary: 0 },
    },
  };
  writeFileSync(join(directory, 'tandem.config.ts'), `export default ${JSON.stringify(config)};\n`);
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Everything that a project collects of its documents, made by what makes it. */
async function fill(project: Project): Promise<{ traces: Record<string, string>; datasetId: string }> {
  await ingest(project);
  const retriever = await project.retriever();
  const { id: datasetId } = await buildDataset(project);
  await project.catalog.adapters.put({
    id: 'adapter_1',
    createdAt: new Date().toISOString(),
    directory: 'adapters/adapter_1',
    lineage: { datasetHash: datasetId },
  } as unknown as Adapter);

  const answer = async (question: string, document: string): Promise<Answer> => {
    const { passages } = await retriever.retrieve(question, { k: 2, documentIds: [`${document}-manual`] });
    const quote = passages[0]!.text;
    return {
      question,
      arm: 'rag',
      text: quote,
      raw: `${quote} [1]`,
      abstained: false,
      citations: [
        {
          marker: 1,
          documentId: `${document}-manual`,
          uri: passages[0]!.uri,
          start: 0,
          end: 9,
          quote,
          sentence: quote,
        },
      ],
      danglingMarkers: [],
      passages,
      usage: { promptTokens: 1, completionTokens: 1 },
      timings: { generate: 1, total: 1 },
      traceId: newId('trace'),
    };
  };
  const traces: Record<string, string> = {};
  for (const name of Object.keys(body)) {
    const { passages, raw, traceId, ...rest } = await answer(`What about the ${name}?`, name);
    const messages = buildMessages({
      arm: 'rag',
      answer: project.config.answer,
      question: rest.question,
      passages,
    });
    await project.catalog.traces.put({
      id: traceId,
      at: new Date().toISOString(),
      question: rest.question,
      arm: 'rag',
      model: 'test',
      passages,
      // As a provider's request is kept: line ends are not line ends there.
      prompt: name === 'lift' ? messages.map(({ content }) => content).join('\n') : JSON.stringify(messages),
      messages,
      rawOutput: raw,
      answer: rest,
    });
    await rateAnswer(project, traceId, { rating: 'down', better: `Better: the ${name}.` });
    traces[name] = traceId;
  }
  // A tuned model that has learnt it says it without being shown it.
  await project.catalog.traces.put({
    ...(await project.catalog.traces.get(traces.pump!))!,
    id: 'trace_tuned',
    rawOutput: `I remember: ${secret}`,
  });

  await using store = await openResultStore(data('comparison-answers.jsonl'));
  const result = await compareGivenArms({
    project: 'test',
    cases: Object.keys(body).map((name) => ({
      id: `case-${name}`,
      question: `Tell me of the ${name}.`,
      expected: body[name]!,
      source: { documentId: `${name}-manual`, start: 0, end: 10 },
    })),
    arms: [
      {
        name: 'rag',
        label: 'rag',
        description: 'Says the first passage.',
        reference: false,
        retrieves: true,
        trained: false,
        fingerprint: 'f',
        answer: ({ id, question }) => answer(question, id.slice('case-'.length)),
      },
    ],
    metrics: createMetrics(project.config.answer),
    primary: defaultPrimary(project.config.answer),
    subject: { model: 'test' },
    store,
    latencyCases: 2,
    resamples: 20,
  });
  mkdirSync(data('reports', 'run_1'), { recursive: true });
  writeFileSync(data('reports', 'run_1', 'comparison.json'), JSON.stringify(result));
  writeFileSync(data('reports', 'run_1', 'report.html'), renderReport(result));
  return { traces, datasetId };
}

/** Files below `.tandem` in which grep, which knows nothing of Tandem, finds the words. */
function filesWith(words: string): string[] {
  try {
    return execFileSync('grep', ['-rlaiF', words, data()], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((path) => path.slice(data().length + 1));
  } catch (error) {
    if ((error as { status: number }).status === 1) return [];
    throw error;
  }
}

const secrets = [
  'quartz key kept by Amara',
  'nineteen minutes until the blue',
  'reactor in hall seven',
  'Okonkwo',
  'reactor-manual',
];

test('a forgotten document is in no file of the project any more, everything else still is, and ingest does not bring it back', async () => {
  let adapters: string[];
  {
    await using project = await openProject({ directory });
    const { traces, datasetId } = await fill(project);
    await project.catalog.scrub();
    // It is where it is expected to be: the test can fail.
    const places = filesWith(secrets[0]!).join(' ');
    for (const place of [
      'catalog.sqlite',
      'index',
      'datasets',
      'comparison-answers.jsonl',
      'comparison.json',
      'report.html',
    ])
      expect(places).toContain(place);

    const planned = await forget(project, 'documents/reactor.md', { dryRun: true });
    expect(filesWith(secrets[0]!).join(' ')).toBe(places);
    expect(planned.document).toEqual({ id: 'reactor-manual', uri: 'documents/reactor.md', title: 'reactor' });

    const report = await forget(project, 'reactor-manual');
    const { seconds: _, dryRun: __, leftovers, ...done } = report;
    expect(planned).toMatchObject(done);
    expect(leftovers).toEqual([]);
    expect(report.chunks).toBeGreaterThan(0);
    expect(report.embeddings).toBe(report.chunks);
    expect([...report.traces].sort()).toEqual([traces.reactor, 'trace_tuned'].sort());
    expect(report.feedback).toEqual([traces.reactor]);
    const rated = (await project.catalog.feedback.list()).map(({ traceId }) => traceId);
    expect(rated).toEqual(Object.values(traces).filter((id) => id !== traces.reactor));
    expect(report.answers).toBeGreaterThanOrEqual(1);
    expect(report.files).toEqual(['reports/run_1/comparison.json', 'reports/run_1/report.html']);
    expect(report.adapters).toEqual([{ id: 'adapter_1', dataset: datasetId }]);
    expect(report.yours.sort()).toEqual(['documents/reactor.md', 'questions.jsonl']);
    adapters = report.adapters.map(({ id }) => id);

    const trace = (await project.catalog.traces.get(traces.reactor!))!;
    expect(trace).toMatchObject({
      question: 'What about the reactor?',
      rawOutput: removed,
      answer: { text: removed, citations: [] },
    });
    for (const { text, uri } of trace.passages)
      expect([text, uri]).toEqual([removed, expect.stringMatching(/^forgotten:/)]);
    expect(trace.prompt).toContain('What about the reactor?');
    expect((await project.catalog.traces.get(traces.lift!))!.rawOutput).toContain(body.lift!);

    // Training data: another address, a note, line numbers that still are those of the documents that stayed.
    const [changed] = report.datasets;
    const manifest = JSON.parse(readFileSync(data(changed!.path, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      id: changed!.newId,
      note: expect.stringContaining('because a document was forgotten'),
    });
    expect(await project.catalog.datasets.get(datasetId)).toMatchObject({ replacedBy: changed!.newId });
    expect(await project.catalog.datasets.get(changed!.newId!)).toMatchObject({ note: expect.any(String) });
    const lines = readFileSync(data(changed!.path, 'train.jsonl'), 'utf8').trim().split('\n');
    expect(lines.length).toBeGreaterThan(0);
    for (const [name, text] of Object.entries(body)) {
      const withText = lines.flatMap((line, i) =>
        (JSON.parse(line) as Example).messages.some((message) =>
          textOfMessage(message).includes(text.slice(0, 40)),
        )
          ? [i + 1]
          : [],
      );
      const known: number[] = manifest.documents.train[`${name}-manual`] ?? [];
      for (const line of withText) expect(known).toContain(line);
    }

    await expect(forget(project, 'reactor-manual')).rejects.toThrow('was forgotten already');
    await expect(forget(project, 'nobody')).rejects.toThrow(
      'Nothing in this project is known of a document "nobody"',
    );
  }
  for (const words of secrets) expect([words, filesWith(words)]).toEqual([words, []]);
  // What other documents say too is left to them.
  expect(filesWith('safety office on the ground floor').length).toBeGreaterThan(3);
  expect(adapters).toEqual(['adapter_1']);

  await using project = await openProject({ directory });
  await checkConsistency(project.catalog, await project.store());
  // Still in its folder, moved, or rewritten: it is recognised by its own id.
  expect(await ingest(project)).toMatchObject({ added: 0, forgotten: 1, index: { documents: 4 } });
  writeFileSync(
    join(directory, 'documents', 'renamed.md'),
    readFileSync(join(directory, 'documents', 'reactor.md')),
  );
  expect(await ingest(project)).toMatchObject({ added: 0, forgotten: 2, index: { documents: 4 } });
  expect(await ingest(project)).toMatchObject({ added: 0, forgotten: 2, unchanged: 4 });
  expect(filesWith(secrets[0]!)).toEqual([]);
  rmSync(join(directory, 'documents', 'renamed.md'));

  expect(await forget(project, 'reactor-manual', { allowAgain: true })).toMatchObject({ allowed: true });
  expect(await ingest(project)).toMatchObject({ added: 1, forgotten: 0, index: { documents: 5 } });
  // Forgotten for now only.
  expect(await forget(project, 'reactor-manual', { allowAgain: true })).toMatchObject({ leftovers: [] });
  expect(await ingest(project)).toMatchObject({ added: 1, forgotten: 0 });
});

test('pairs that were made of ratings lose what quotes the document, and what was trained on them is named', async () => {
  await using project = await openProject({ directory });
  const { traces } = await fill(project);
  const { catalog } = project;
  // A better text may quote the document where the answer did not.
  await rateAnswer(project, traces.pump!, { rating: 'down', better: body.reactor! });
  const file = await feedbackFile(project, 1);
  const path = file.slice(data().length + 1);
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(5);
  await catalog.datasets.put({
    id: 'pairs',
    path,
    counts: { train: 5 },
    createdAt: new Date().toISOString(),
  });
  const adapter = (await catalog.adapters.get('adapter_1'))!;
  await catalog.adapters.put({
    ...adapter,
    id: 'adapter_2',
    lineage: { ...adapter.lineage, datasetHash: 'pairs' },
  });

  const report = await forget(project, 'reactor-manual');
  expect([...report.feedback].sort()).toEqual([traces.pump, traces.reactor].sort());
  expect(report.datasets).toContainEqual({
    id: 'pairs',
    path,
    examples: 2,
    newId: sha256(readFileSync(file, 'utf8')),
  });
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(3);
  expect(report.adapters.map(({ id }) => id).sort()).toEqual(['adapter_1', 'adapter_2']);
  expect(report.leftovers).toEqual([]);
});

test('a document that left its source long ago is forgotten by what traces still quote of it', async () => {
  await using project = await openProject({ directory });
  const { traces } = await fill(project);
  rmSync(join(directory, 'documents', 'reactor.md'));
  expect(await ingest(project)).toMatchObject({ removed: 1 });
  // Something that Tandem did not write, in a form that it does not know.
  const foreign = Buffer.concat([Buffer.alloc((1 << 20) - 20), Buffer.from(secret), Buffer.alloc(9)]);
  writeFileSync(data('dump.bin'), foreign);
  const report = await forget(project, 'reactor-manual');
  expect(report).toMatchObject({ chunks: 0, leftovers: ['dump.bin'] });
  expect(report.traces).toContain(traces.reactor);
  expect(report.embeddings).toBeGreaterThan(0);
  expect(filesWith(secrets[0]!)).toEqual(['dump.bin']);
});

// Eight processes that load everything; on a busy machine that takes a while.
test('killed at any stage, the index is whole and the same command ends what was begun', {
  timeout: 600_000,
}, async () => {
  const filled = `${directory}-filled`;
  let datasetId: string;
  {
    await using project = await openProject({ directory });
    ({ datasetId } = await fill(project));
  }
  cpSync(directory, filled, { recursive: true });
  try {
    // As each stage begins, and somewhere in the midst of the longest.
    for (const [stage, milliseconds] of [[0], [0, 7], [1], [2], [2, 7], [3], [4], [5]] as const) {
      rmSync(data(), { recursive: true });
      cpSync(join(filled, '.tandem'), data(), { recursive: true });
      const fixture = join(import.meta.dirname, 'forget-process.fixture.ts');
      const child = spawn(
        process.execPath,
        [fixture, directory, 'reactor-manual', String(stage), String(milliseconds ?? 0)],
        { stdio: ['ignore', 'inherit', 'inherit'] },
      );
      const [, signal] = await once(child, 'close');
      expect(signal).toBe('SIGKILL');

      await using project = await openProject({ directory });
      await checkConsistency(project.catalog, await project.store());
      // An ingest in between neither brings it back nor loses what is still to be removed.
      if (stage % 2 === 1) expect(await ingest(project)).toMatchObject({ added: 0, index: { documents: 4 } });
      // The last stages take milliseconds: it may have been killed when all was written, and only the search for what is left
      // was cut off.
      const ended = (await project.catalog.forgotten.unfinished()).length === 0;
      if (stage < 3 && milliseconds === undefined) expect(ended).toBe(false);
      if (ended) await expect(forget(project, 'reactor-manual')).rejects.toThrow(/forgotten already/);
      else
        expect(await forget(project, 'reactor-manual')).toMatchObject({
          leftovers: [],
          adapters: [{ id: 'adapter_1', dataset: datasetId }],
        });
      expect(await project.catalog.forgotten.unfinished()).toEqual([]);
      await checkConsistency(project.catalog, await project.store());
      for (const words of secrets) expect([stage, words, filesWith(words)]).toEqual([stage, words, []]);
    }
  } finally {
    rmSync(filled, { recursive: true });
  }
});
