import type { JSONSchema7 } from '@ai-sdk/provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchModel } from './fetch/fetch-model.ts';
import { jsonGrammar } from './json-grammar.ts';
import { type LocalChatModel, openLocalChat } from './local-chat.ts';

let model: LocalChatModel;
beforeAll(async () => {
  model = await openLocalChat({ path: (await fetchModel('local:smollm2-135m-instruct')).path, threads: 1 });
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
});

/** Lets the model write at random, so that only the grammar keeps it to the schema. */
async function write(schema: JSONSchema7, seed: number): Promise<unknown> {
  const result = await model.doGenerate({
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'Write JSON.' }] }],
    responseFormat: { type: 'json', schema },
    temperature: 1.5,
    seed,
    maxOutputTokens: 200,
    providerOptions: { tandem: { probabilities: false } },
  });
  expect(result.finishReason.unified).toBe('stop');
  return JSON.parse(result.content.map((part) => (part.type === 'text' ? part.text : '')).join(''));
}

const small = { type: 'string', maxLength: 6 } as const;
const cases: { name: string; schema: JSONSchema7; check: (value: never) => void }[] = [
  {
    name: 'properties in order, those not required may be missing',
    schema: { type: 'object', properties: { a: small, b: small, c: small, d: small }, required: ['b', 'd'] },
    check: (value: Record<string, string>) => {
      const keys = Object.keys(value);
      expect(keys.filter((key) => 'bd'.includes(key))).toEqual(['b', 'd']);
      expect(keys).toEqual([...keys].sort());
      for (const text of Object.values(value)) expect([...text].length).toBeLessThanOrEqual(6);
    },
  },
  {
    name: 'all optional: any subset',
    schema: { type: 'object', properties: { a: { type: 'boolean' }, b: { type: 'null' } } },
    check: (value: object) => expect(['', 'a', 'b', 'a,b']).toContain(Object.keys(value).join()),
  },
  {
    name: 'arrays with bounds, nested objects, numbers',
    schema: {
      type: 'object',
      properties: {
        list: {
          type: 'array',
          minItems: 2,
          maxItems: 3,
          items: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
        },
        x: { type: 'number' },
      },
      required: ['list', 'x'],
    },
    check: (value: { list: { n: number }[]; x: number }) => {
      expect(value.list.length).toBeGreaterThanOrEqual(2);
      expect(value.list.length).toBeLessThanOrEqual(3);
      for (const { n } of value.list) expect(Number.isInteger(n)).toBe(true);
      expect(typeof value.x).toBe('number');
    },
  },
  {
    name: 'enum and const with quotes and backslashes, anyOf, types as a list, references',
    schema: {
      type: 'object',
      properties: {
        e: { enum: ['say "hi"', 'a\\b', 3, null] },
        c: { const: { x: 1 } },
        o: { anyOf: [{ type: 'boolean' }, { $ref: '#/$defs/word' }] },
        t: { type: ['null', 'boolean'] },
      },
      required: ['e', 'c', 'o', 't'],
      $defs: { word: { enum: ['word'] } },
    } as JSONSchema7,
    check: (value: { e: unknown; c: unknown; o: unknown; t: unknown }) => {
      expect(['say "hi"', 'a\\b', 3, null]).toContain(value.e);
      expect(value.c).toEqual({ x: 1 });
      expect([true, false, 'word']).toContain(value.o);
      expect([null, true, false]).toContain(value.t);
    },
  },
];

describe('what the model writes at random fits the schema', () => {
  it.each(cases)('$name', async ({ schema, check }) => {
    for (const seed of [1, 2, 3, 4]) check((await write(schema, seed)) as never);
  });
});

describe('a schema', () => {
  it('may refer to itself', () => {
    const tree: JSONSchema7 = {
      type: 'object',
      properties: { children: { type: 'array', items: { $ref: '#' } } },
      required: ['children'],
    };
    expect(jsonGrammar(tree).grammar).toMatch(/ref0 ::= /);
  });

  it('names what is not enforced, once', () => {
    const text = { type: 'string', pattern: '^a', format: 'email' } as const;
    expect(jsonGrammar({ type: 'object', properties: { a: text, b: text } }).ignored).toEqual([
      'pattern',
      'format',
    ]);
    expect(jsonGrammar({ type: 'object', description: 'x', additionalProperties: false }).ignored).toEqual(
      [],
    );
  });

  it('with a reference to nowhere, or what a grammar cannot say, is refused with its place', () => {
    expect(() => jsonGrammar({ properties: { a: { $ref: '#/$defs/no' } } })).toThrow(
      /\$ref to #\/\$defs\/no at #\/properties\/a/,
    );
    expect(() => jsonGrammar({ not: { type: 'string' } })).toThrow(/uses not at #/);
  });
});
