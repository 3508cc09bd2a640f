import { expect, test } from 'vitest';
import { settingsSchema } from '../core/settings.ts';
import {
  buildMessages,
  buildRewriteMessages,
  fillSystemPrompt,
  numberedPassages,
  promptVariants,
} from './prompt.ts';

const { answer } = settingsSchema.parse({
  answer: {
    notInSources: 'Not here.',
    styleGuide: 'Be calm.',
    tunedSystem: 'One line.',
    rewriteSystem: 'Query.',
    prompts: {
      base: [
        {
          id: 'few',
          system: '{styleGuide} {notInSources} {unknown}',
          examples: [{ user: 'Q', assistant: 'A' }],
        },
      ],
    },
  },
});
const passages = [
  { text: ' First text. ', headingPath: ['Gout', 'Causes', 'Food'], prefix: 'Gout (GT): Causes › Food' },
  { text: 'Second.', headingPath: [], title: 'Gout' },
];

test('passages are numbered in the order given, under title and section; what was searched for stands after the question', () => {
  const [system, user] = buildMessages({
    arm: 'hybrid',
    answer,
    question: 'Why?',
    passages,
    searchedFor: { searchQuery: 'gout causes', spelledOut: ['Gout', 'Gut'] },
  });
  expect(system).toEqual({ role: 'system', content: 'One line.' });
  expect(user!.content).toBe(
    'Sources:\n\n[1] Gout: Causes › Food\nFirst text.\n\n[2] Gout\nSecond.\n\nQuestion: Why?\nSearched for: gout causes\nNames: Gout; Gut',
  );
});

test('rows of a long table are read below its head, and nothing else gets one', () => {
  const rows = { text: '| Drug35 | 175 mg |\n', headingPath: ['Doses'] };
  const head = '| Drug | Dose |\n| --- | --- |';
  const given = (prefix: string, text = rows.text) => numberedPassages([{ ...rows, text, prefix }]);
  expect(given(`Doses (D): Adults\n${head}`)).toBe(`[1] Doses\n${head}\n| Drug35 | 175 mg |`);
  expect(given(head)).toBe(`[1] Doses\n${head}\n| Drug35 | 175 mg |`);
  expect(given('Doses (D): Adults')).toBe('[1] Doses\n| Drug35 | 175 mg |');
  expect(given(`Doses\n${head}`, 'No table.')).toBe('[1] Doses\nNo table.');
});

test('what no document has a word of is told to the untuned arm, and not to one that never learnt of it', () => {
  const told = (arm: 'rag' | 'hybrid') =>
    buildMessages({ arm, answer, question: 'Why?', passages, searchedFor: { missing: ['zorblaxin'] } }).at(
      -1,
    )!.content;
  expect(told('rag')).toMatch(/Question: Why\?\nThe sources say nothing about: zorblaxin$/);
  expect(told('hybrid')).toMatch(/Question: Why\?$/);
});

test('the untuned arms carry the style guide, the tuned ones their line', () => {
  expect(buildMessages({ arm: 'base', answer, question: 'Why?' }).map(({ content }) => content)).toEqual([
    'Be calm. Not here. {unknown}',
    'Q',
    'A',
    'Why?',
  ]);
  expect(buildMessages({ arm: 'rag', answer, question: 'Why?', passages })[0]!.content).toContain('Be calm.');
  expect(buildMessages({ arm: 'tuned', answer, question: 'Why?' }).map(({ content }) => content)).toEqual([
    'One line.',
    'Why?',
  ]);
  expect(buildRewriteMessages('Why?', answer).map(({ content }) => content)).toEqual(['Query.', 'Why?']);
});

test('there is always a prompt, and it says what to do when the sources do not have it', () => {
  const [rag] = promptVariants('rag', answer);
  expect(fillSystemPrompt(rag!.system, answer)).toContain('Not here.');
});
