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

describe('a field that cites', () => {
  const schema: JSONSchema7 = {
    type: 'object',
    properties: {
      a: { type: 'object', properties: { text: { type: 'string', maxLength: 60 } }, required: ['text'] },
    },
    required: ['a'],
  };
  /** What the model writes when all that it is shown are markers. */
  async function copied(sources?: number): Promise<string> {
    const result = await model.doGenerate({
      prompt: [
        {
          role: 'user',
          content: [{ type: 'text', text: `Write this out again: {"a":{"text":"${'[1] '.repeat(10)}[1]"}}` }],
        },
      ],
      responseFormat: { type: 'json', schema },
      temperature: 0,
      maxOutputTokens: 100,
      ...(sources !== undefined && {
        providerOptions: { tandem: { citations: { field: 'a.text', sources } } },
      }),
    });
    const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
    return (JSON.parse(text) as { a: { text: string } }).a.text;
  }

  it('names the sources there are, and has words between one group of markers and the next', async () => {
    expect(await copied()).toMatch(/(\[1\] ){5}/);
    for (const sources of [1, 3, 41]) {
      const text = await copied(sources);
      expect(text.length).toBeLessThanOrEqual(60);
      const groups = text.match(/\[\d+\](?: ?\[\d+\])*/g)!;
      for (const group of groups) {
        const markers = [...group.matchAll(/\d+/g)].map(Number);
        expect(markers.length).toBeLessThanOrEqual(Math.min(sources, 3));
        for (const [index, marker] of markers.entries()) {
          expect(marker).toBeLessThanOrEqual(sources);
          if (sources < 41) expect(marker).not.toBe(markers[index + 1]);
        }
      }
      for (const between of text.split(/\[\d+\](?: ?\[\d+\])*/).slice(1, -1))
        expect(between.length).toBeGreaterThanOrEqual(10);
    }
    expect(await copied(0)).not.toMatch(/\[\d/);
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
