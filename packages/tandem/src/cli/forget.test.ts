import { expect, test } from 'vitest';
import type { ForgetReport } from '../forget/forget.ts';
import { describeForget } from './forget.ts';

const report: ForgetReport = {
  document: { id: 'reactor-manual', uri: 'documents/reactor.md', title: 'Reactor' },
  dryRun: false,
  chunks: 2,
  embeddings: 3,
  traces: ['trace_1'],
  feedback: [],
  datasets: [],
  answers: 0,
  files: ['chunkers'],
  trainings: [],
  adapters: [],
  embedders: ['embedder_1'],
  rerankers: ['reranker_1'],
  rankings: ['ranking_1'],
  heads: ['head_1'],
  yours: ['questions.jsonl'],
  leftovers: [],
  storeMayKeep: false,
  allowAgain: false,
  seconds: 1,
};

test('what was removed, what may still know it, and what is for the user to do', () => {
  expect(describeForget(report).split('\n')).toEqual([
    'Forgotten: "Reactor" (reactor-manual): 2 passages, 3 cached vectors, 1 trace, 0 stored answers.',
    'Changed or deleted: chunkers.',
    'May have been trained on it: embedder embedder_1.',
    'May have been trained on it: reranker reranker_1.',
    'Learnt from questions about it: ranking ranking_1. They are taken out; its weights stay until it is learnt again.',
    'Trained on questions about it: head head_1. It keeps no text of them; train it again without them.',
    'Your own files still contain its text: questions.jsonl.',
    'It will not be ingested again, even under another name, as long as its bytes are unchanged. To allow it: tandem forget --allow-again "reactor-manual"',
  ]);
});

test('what may be left is reported with what to do about it', () => {
  expect(describeForget({ ...report, storeMayKeep: 'bytes' })).toContain(
    "The rows are deleted; when the bytes leave the server's disk depends on the server.",
  );
  expect(describeForget({ ...report, storeMayKeep: 'rows' })).toContain(
    'The LangChain vector store is not told to delete: its rows stay there',
  );
  expect(describeForget({ ...report, leftovers: ['dump.bin'] })).toContain(
    'Its words are still in dump.bin: delete these files.',
  );
});
