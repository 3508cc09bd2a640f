import fc from 'fast-check';
import { expect, test } from 'vitest';
import { advise } from './advise.ts';
import { type Situation, situationQuestions, situationSchema } from './situation.ts';

test.each<[string, Situation, string]>([
  [
    'facts that change and must be cited',
    { changes: 'weekly', attribution: true, form: 'free', examples: 20 },
    'rag',
  ],
  [
    'the same with a rigid form and examples',
    { changes: 'weekly', attribution: true, form: 'structured', examples: 400 },
    'hybrid',
  ],
  ['the same with too few examples', { changes: 'weekly', form: 'structured', examples: 20 }, 'rag'],
  [
    'a house style and nothing to look up',
    { changes: 'rarely', attribution: false, words: 900, form: 'structured', examples: 400 },
    'tuned',
  ],
  ['an intent, with examples', { form: 'choices', examples: 500 }, 'head'],
  ['an intent, without', { form: 'choices', examples: 10 }, 'prompt'],
  ['a page that fits into the prompt', { changes: 'rarely', words: 800, form: 'free' }, 'prompt'],
  ['nothing known', {}, 'prompt'],
])('%s', (_what, situation, begin) => {
  expect(advise(situation).begin).toBe(begin);
});

const situations = fc.record(
  {
    changes: fc.constantFrom('daily' as const, 'weekly' as const, 'monthly' as const, 'rarely' as const),
    attribution: fc.boolean(),
    words: fc.integer({ min: 0, max: 1e7 }),
    form: fc.constantFrom('free' as const, 'structured' as const, 'choices' as const),
    seconds: fc.integer({ min: 1, max: 60 }),
    jargon: fc.boolean(),
    examples: fc.integer({ min: 0, max: 5000 }),
    stays: fc.boolean(),
  },
  { requiredKeys: [] },
);

test('what must be cited is looked up, whatever else is so; nothing is trained without examples', () => {
  fc.assert(
    fc.property(situations, (situation) => {
      const { begin, next } = advise({ ...situation, attribution: true });
      expect(['rag', 'hybrid']).toContain(begin);
      expect(next.length).toBeGreaterThan(0);
      expect(['prompt', 'rag']).toContain(advise({ ...situation, examples: 10 }).begin);
    }),
  );
});

test('each thing is asked, and named where it speaks', () => {
  const names = situationQuestions.map(({ name }) => name);
  expect(names).toEqual(Object.keys(situationSchema.shape));
  fc.assert(
    fc.property(situations, (situation) => {
      const { reasons } = advise(situation);
      for (const { about } of reasons) expect(situation[about]).toBeDefined();
      for (const name of ['changes', 'words', 'form', 'seconds', 'examples'] as const)
        expect(reasons.some(({ about }) => about === name)).toBe(situation[name] !== undefined);
    }),
  );
});
