import { describe, expect, it } from 'vitest';
import { itemOf, type LintItem } from './items.ts';
import { staleFacts } from './stale-facts.ts';

const now = new Date('2026-06-15T12:00:00Z');
const place = { where: 'train.jsonl:1', file: 'train.jsonl', split: 'train' } as const;
const isFound = async (question: string, expected: string): Promise<boolean> => {
  const items = [itemOf({ question, expected }, place)].filter((item): item is LintItem => !!item);
  const found = await staleFacts.find({ items } as never, { now } as never);
  return Array.isArray(found) && found.length > 0;
};

describe('a reply that is nothing but an amount, a day or a version', () => {
  it('is a price where the question asks for one', async () => {
    expect(await isFound('What is the annual fee?', '$129')).toBe(true);
    expect(await isFound('When does the pool open?', 'May 3')).toBe(true);
    expect(await isFound('Which version is needed?', 'v3.2.1')).toBe(true);
  });
  it('is of the past where the question is', async () => {
    expect(await isFound('What was the fee of the old hall?', '$129')).toBe(false);
    expect(await isFound('When was the pool opened?', 'May 3')).toBe(false);
    expect(await isFound('In which version was the option added?', 'v3.2.1')).toBe(false);
    expect(await isFound('What was the latest version?', 'v3.2.1')).toBe(true);
    expect(await isFound('What was the fee in 2019?', 'It is $129.')).toBe(false);
  });
  it('is no price where the question is about accounts', async () => {
    expect(await isFound('What are the values of goodwill and of deferred taxes?', '$3,120, $415')).toBe(
      false,
    );
  });
});

it('hears a sentence rather than the question', async () => {
  expect(await isFound('What was the fee of the old hall?', 'The annual fee is $129.')).toBe(true);
  expect(await isFound('What is the fee?', 'The fee was $129.')).toBe(false);
});
