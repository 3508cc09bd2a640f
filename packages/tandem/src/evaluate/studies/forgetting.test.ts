import { expect, test } from 'vitest';
import { studyForgetting } from './forgetting.ts';
import { generalTasks } from './general-tasks.ts';

const signal = new AbortController().signal;

/** Finds right answers likely where `knows` says so. */
const chatThatKnows = (knows: (question: string, isTuned: boolean) => boolean) => ({
  async scoreContinuation({
    messages,
    continuation,
    adapter,
  }: {
    messages: readonly { content: string }[];
    continuation: string;
    adapter?: unknown;
  }) {
    const question = messages[0]!.content;
    const item = generalTasks
      .flatMap(({ items }) => items)
      .find((each) => each.question === question && each.choices.includes(continuation))!;
    const isRight = (item.choices[0] === continuation) === knows(question, adapter !== undefined);
    return { logProbability: (isRight ? -1 : -2) * continuation.length, tokens: [] };
  },
});

test('only what the model could do before counts as forgotten', async () => {
  const { families, overall } = await studyForgetting(
    { id: 'a', path: 'a.gguf' },
    chatThatKnows(
      (question, isTuned) => !question.includes('Python') && !(isTuned && question.includes('capital')),
    ),
    { signal },
  );
  expect(families.filter(({ counts }) => !counts).map(({ id }) => id)).toEqual(['code']);
  const facts = families.find(({ id }) => id === 'facts')!;
  expect(facts.base.value).toBe(1);
  expect(facts.tuned.value).toBeCloseTo(21 / 24);
  expect(overall!.difference.value).toBeLessThan(0);
  expect(overall!.before.cases).toBe(
    families.filter(({ counts }) => counts).reduce((sum, { base }) => sum + base.cases, 0),
  );
});

test('every item has one right answer that is no other choice', () => {
  for (const { items } of generalTasks)
    for (const { choices } of items) {
      expect(new Set(choices).size).toBe(choices.length);
      expect(choices.every((choice) => choice.trim() !== '')).toBe(true);
    }
  const items = generalTasks.flatMap((family) => family.items);
  expect(items.length).toBeGreaterThan(120);
});
