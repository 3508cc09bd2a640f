import { describe, expect, test } from 'vitest';
import { leastProbed, probeSequences } from './probe-sequences.ts';

/** Words as tokens, which is fewer than any tokenizer of a language model makes. */
const words = (contextLength: number) => ({
  contextLength,
  encodeText: (text: string) => text.split(/\s+/).map((_, at) => at + 2),
});
const example = (length: number, reply: number) => ({
  tokens: Array.from({ length }, (_, at) => at),
  labelSpans: [[length - reply, length]] as const,
});
const positionsOf = (sequences: ReturnType<typeof probeSequences>) =>
  sequences.flatMap(({ positions }) => positions);

describe('what trainer and server are compared on', () => {
  test.each([1, 2, 3, 5])('%i short examples: never a share of a few tokens', (count) => {
    const examples = Array.from({ length: count }, () => example(40, 9));
    const sequences = probeSequences(examples, words(2048));
    expect(positionsOf(sequences)).toHaveLength(leastProbed);
    expect(sequences.slice(0, count).map(({ tokens }) => tokens.length)).toEqual(examples.map(() => 40));
    for (const { tokens, positions } of sequences)
      for (const position of positions) expect(tokens[position + 1]).toBeDefined();
  });

  test('also where the model reads little at once', () => {
    const sequences = probeSequences([example(40, 9)], words(50));
    expect(positionsOf(sequences)).toHaveLength(leastProbed);
    expect(Math.max(...sequences.map(({ tokens }) => tokens.length))).toBeLessThanOrEqual(50);
  });

  test('many examples: their replies alone, of sixteen at most', () => {
    const sequences = probeSequences(
      Array.from({ length: 40 }, () => example(100, 30)),
      words(2048),
    );
    expect(sequences).toHaveLength(16);
    expect(sequences[0]!.positions).toEqual(Array.from({ length: 30 }, (_, at) => 69 + at));
  });

  test('every reply of a conversation', () => {
    const several = {
      tokens: Array.from({ length: 900 }, (_, at) => at),
      labelSpans: [
        [100, 400],
        [500, 800],
      ] as const,
    };
    const [sequence] = probeSequences([several], words(2048));
    expect(sequence!.tokens).toHaveLength(800);
    expect(sequence!.positions).toEqual([
      ...Array.from({ length: 300 }, (_, at) => 99 + at),
      ...Array.from({ length: 300 }, (_, at) => 499 + at),
    ]);
  });
});
