import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import { fromDocuments } from '../sources/documents.ts';
import { tuneHead } from '../tune/head/tune-head.ts';
import { createTandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';

const example = join(import.meta.dirname, '../../../../examples/support');

interface Line {
  id: string;
  question: string;
  expected: { intent: string };
}
const linesOf = async (file: string): Promise<Line[]> =>
  (await readFile(join(example, file), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => {
      const { id, question, expected, split } = JSON.parse(line);
      return { id, question, expected: { intent: expected.intent }, ...(split && { split }) };
    });

test('on banking77’s questions a head on MiniLM knows the intents of held-out ones, and how sure it is', async () => {
  const questions = await linesOf('questions.jsonl');
  const cases = await linesOf('cases.jsonl');
  const intents = [...new Set(questions.map(({ expected }) => expected.intent))];
  await using tandem = await createTandem({
    embedder: 'local:all-minilm-l6-v2',
    sources: [fromDocuments([{ uri: 'note.md', text: 'A head needs no documents.' }])],
    questions,
    settings: {
      answer: {
        output: {
          schema: { properties: { intent: { enum: intents } } },
          textField: 'response',
          confidence: { field: 'sure', of: 'intent' },
        },
      },
    },
  });
  await ingest(tandem);
  const { fields } = await tuneHead(tandem);
  expect(fields[0]).toMatchObject({ path: 'intent', unseenChoices: [], validation: { questions: 72 } });
  const answers = [];
  for (const { question } of cases) answers.push(await ask(tandem, question, { arm: 'head' }));
  const right = answers.filter(({ output }, at) => output!.intent === cases[at]!.expected.intent).length;
  const said = answers.reduce((sum, { confidence }) => sum + confidence!, 0) / answers.length;
  expect(right / cases.length).toBeGreaterThan(0.88);
  expect(Math.abs(said - right / cases.length)).toBeLessThan(0.08);
});
