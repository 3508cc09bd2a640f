import { MockLanguageModelV4 } from 'ai/test';
import { describe, expect, test } from 'vitest';
import type { DocumentSummary } from '../catalog/catalog.ts';
import { carryOver, rewriteWithModel, type Turn } from './conversation.ts';
import { nameIndexOf } from './names.ts';

const documents = [
  { id: 'gout', title: 'Gout', aliases: [], access: 'public' },
  { id: 'nf1', title: 'Neurofibromatosis type 1', aliases: ['NF1'], access: 'staff' },
  { id: 'asthma', title: 'Asthma', aliases: [], access: 'public' },
] as unknown as DocumentSummary[];
const names = nameIndexOf(documents);
const said = (...contents: string[]): Turn[] =>
  contents.map((content, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content }));

describe('names taken over from the conversation', () => {
  test('of the latest turn that named something, where the question names nothing', () => {
    const turns = said('What is asthma?', 'Asthma is …', 'and what is gowt?', 'It hurts. [1]');
    expect(carryOver('is it hereditary?', turns, names)).toEqual(['Gout']);
    expect(carryOver('is asthma hereditary?', turns, names)).toEqual([]);
    expect(carryOver('is it hereditary?', [], names)).toEqual([]);
    expect(carryOver('is it hereditary?', said('hello'), names)).toEqual([]);
  });

  test('both, where two were named; none that may not be seen', () => {
    const turns = said('How are neurofibromatosis type 1 and asthma treated?');
    expect(carryOver('since when?', turns, names).toSorted()).toEqual(['Asthma', 'Neurofibromatosis type 1']);
    expect(carryOver('since when?', turns, names, { access: ['public'] })).toEqual(['Asthma']);
  });
});

describe('a question that goes on from one that named nothing', () => {
  const turns = said('How many days of leave do I get?', '27 days.', 'and in the first year?', 'As many.');
  test.each([
    'and after five years?',
    'what should I do then?',
    'But why?',
    'what about part-timers',
    'can I sell them?',
    'until when',
    'does it expire at the end of the year?',
    'is it more in summer?',
  ])('%s', (question) =>
    expect(carryOver(question, turns, names)).toEqual(['How many days of leave do I get?']),
  );

  test.each([
    'Who repairs the lift at the back of the house?',
    'wifi password',
    'who is Vos',
    'is it allowed to bring a dog',
    'is asthma a reason to stay away then?',
  ])('not: %s', (question) => expect(carryOver(question, turns, names)).toEqual([]));
});

describe('a language model writes the question', () => {
  const model = (reply: string) =>
    new MockLanguageModelV4({
      doGenerate: async () => ({
        content: [{ type: 'text', text: reply }],
        finishReason: { unified: 'stop', raw: undefined },
        usage: {
          inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
          outputTokens: { total: 1, text: 1, reasoning: undefined },
        },
        warnings: [],
      }),
    });
  const rewrite = (reply: string) =>
    rewriteWithModel(model(reply))('is it hereditary?', said('What is gout?'), {});

  test('its first line is taken; what is no question leaves the question as it was', async () => {
    expect(await rewrite('Is gout hereditary?\nBecause …')).toBe('Is gout hereditary?');
    expect(await rewrite('  ')).toBe('is it hereditary?');
    expect(await rewrite('gout '.repeat(200))).toBe('is it hereditary?');
  });
});
