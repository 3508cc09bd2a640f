import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choicesOf, fieldProbability, parseObject, stringFieldSpan, valueAt } from './structured-output.ts';

const schema = {
  type: 'object',
  properties: {
    intent: { type: 'string', enum: ['treatment', 'causes'] },
    entities: { type: 'object', properties: { condition: { type: 'string' } }, required: ['condition'] },
  },
  required: ['intent', 'entities'],
  additionalProperties: false,
};

describe('parseObject', () => {
  test('takes an object that fits the schema', () => {
    expect(parseObject(' {"intent":"causes","entities":{"condition":"gout"}} ', schema)).toEqual({
      intent: 'causes',
      entities: { condition: 'gout' },
    });
  });
  test.each([
    ['{"intent":"causes","entities":{"condition":"gout"}', 'cut off'],
    ['{"intent":"weather","entities":{"condition":"gout"}}', 'outside the enum'],
    ['{"intent":"causes","entities":{}}', 'a field missing'],
    ['{"intent":"causes","entities":{"condition":"gout"},"more":1}', 'a field too many'],
    ['["causes"]', 'not an object'],
    ['Sure! {"intent":"causes","entities":{"condition":"gout"}}', 'words around it'],
  ])('%s is none: %s', (raw) => {
    expect(parseObject(raw, schema)).toBeUndefined();
  });
});

describe('fieldProbability', () => {
  const raw = '{"intent": "exams and tests", "entities": {"condition": "gout"}}';

  test('multiplies the tokens of the value and its closing quote', () => {
    const tokens = [
      { text: '{"intent": "', probability: 0.1 },
      { text: 'exams', probability: 0.5 },
      { text: ' and tests', probability: 0.8 },
      { text: '",', probability: 0.5 },
      { text: raw.slice('{"intent": "exams and tests",'.length), probability: 0.1 },
    ];
    expect(tokens.map(({ text }) => text).join('')).toBe(raw);
    expect(fieldProbability(raw, 'intent', tokens)).toBeCloseTo(0.2, 12);
  });
  test('of a field that is not there, or without tokens, there is none', () => {
    expect(fieldProbability(raw, 'mood', [{ text: raw, probability: 1 }])).toBeUndefined();
    expect(fieldProbability(raw, 'intent', [])).toBeUndefined();
  });
  test('finds any string value of any nesting where it stands', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (intent, condition) => {
        const text = JSON.stringify({ intent, entities: { condition } });
        const span = stringFieldSpan(text, 'entities.condition')!;
        // A value that itself looks like the key is the one thing that may come first.
        fc.pre(!intent.includes('entities') && !intent.includes('condition'));
        expect(JSON.parse(`"${text.slice(span.start, span.end)}`)).toBe(condition);
      }),
    );
  });
});

test('valueAt follows dots and stops where the path ends', () => {
  expect(valueAt({ a: { b: 1 } }, 'a.b')).toBe(1);
  expect(valueAt({ a: 'text' }, 'a.b')).toBeUndefined();
  expect(valueAt(undefined, 'a')).toBeUndefined();
});

test('choices are what the schema lists at a path, and nothing where it does not', () => {
  const schema = {
    properties: {
      intent: { enum: ['a', 'b'] },
      entities: {
        properties: { kind: { enum: ['c', 'd'] }, name: { type: 'string' }, one: { enum: ['x'] } },
      },
    },
  };
  expect(choicesOf(schema, 'intent')).toEqual(['a', 'b']);
  expect(choicesOf(schema, 'entities.kind')).toEqual(['c', 'd']);
  for (const path of ['entities.name', 'entities.one', 'absent', 'intent.deeper'])
    expect(choicesOf(schema, path)).toBeUndefined();
});
