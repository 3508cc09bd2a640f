import { expect, test } from 'vitest';
import { choiceFields } from './choice-fields.ts';

test('fields with at least two strings to choose from, at any depth', () => {
  const schema = {
    type: 'object',
    properties: {
      intent: { type: 'string', enum: ['a', 'b'] },
      order: { properties: { state: { enum: ['open', 'shut'] }, number: { type: 'integer' } } },
      only: { enum: ['one'] },
      rating: { enum: [1, 2, 3] },
      response: { type: 'string' },
    },
  };
  expect(choiceFields(schema)).toEqual([
    { path: 'intent', choices: ['a', 'b'] },
    { path: 'order.state', choices: ['open', 'shut'] },
  ]);
  expect(choiceFields(undefined)).toEqual([]);
});
