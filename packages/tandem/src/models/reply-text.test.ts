import fc from 'fast-check';
import type { Token } from 'node-llama-cpp';
import { expect, it } from 'vitest';
import { pieces, ReplyText } from './reply-text.ts';

/** A vocabulary whose tokens are bytes, so that most characters take several. */
const bytes = {
  detokenize: (tokens: readonly Token[]) => Buffer.from(tokens as readonly number[]).toString(),
};
const tokensOf = (text: string) => [...Buffer.from(text)] as Token[];
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '日', 'é'), maxLength: 20 });
const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', '日'), maxLength: 3 }), {
  maxLength: 3,
});

it('a reply ends where the first stop sequence is complete, and nothing that is shown is taken back', () => {
  fc.assert(
    fc.property(text, stops, (whole, stopSequences) => {
      const wanted = stopSequences.filter((stop) => stop !== '');
      let expected = whole;
      for (let end = 1; end <= whole.length && expected === whole; end++) {
        const found = wanted.filter((stop) => whole.slice(0, end).endsWith(stop));
        if (found.length > 0) expected = whole.slice(0, end - Math.max(...found.map(({ length }) => length)));
      }
      const reply = new ReplyText(bytes, stopSequences, new Set());
      const stopped = tokensOf(whole).some((token) => {
        const ended = reply.push(token);
        expect(expected.startsWith(reply.text.slice(0, reply.certain))).toBe(true);
        return ended;
      });
      reply.end();
      expect(reply.text).toBe(expected);
      expect(reply.certain).toBe(expected.length);
      expect(stopped).toBe(wanted.some((stop) => whole.includes(stop)));
    }),
    { numRuns: 500 },
  );
});

it('within a call a stop sequence ends nothing', () => {
  const reply = new ReplyText(bytes, ['b'], new Set());
  for (const token of tokensOf('abc')) expect(reply.push(token, { stop: false })).toBe(false);
  expect(reply).toMatchObject({ text: 'abc', certain: 3 });
});

it('the pieces of its tokens join to it, a character with its last token', () => {
  fc.assert(
    fc.property(text, (whole) => {
      const parts = pieces(bytes, tokensOf(whole));
      expect(parts.join('')).toBe(whole);
      expect(parts.filter((part) => part !== '')).toEqual([...whole]);
    }),
  );
});

it('what is left of a character at the end is shown as it is', () => {
  const reply = new ReplyText(bytes, [], new Set());
  for (const token of tokensOf('a日').slice(0, -1)) reply.push(token);
  expect(reply.text).toBe('a');
  reply.end();
  expect(reply.text).toBe('a\uFFFD');
});
