import type { LocalChatTools } from '../models/local-tools.ts';
import type { ProbedSequence } from './parity.ts';
import type { TokenisedExample } from './trainer.ts';

/** Examples that are put to trainer and server. */
const probedExamples = 16;

/**
 * A share and a mean over fewer positions than this say little. Now and then rounding changes the most likely token by more than `nearTie`.
 * With a handful of positions a single such one is below the bound of `parityBounds`, which would then refuse good adapters. Of this many the
 * bound allows several times as many as are to be expected, so that chance alone refuses hardly any.
 */
export const leastProbed = 250;

/** Tokens of the fixed text that are put to both at once. */
const longestPiece = 256;

/**
 * What trainer and server are compared on: the replies of a few examples; where these are too short, the rest of the same
 * conversations; and where that is too short, a fixed text. The two must agree on any text, since what is compared is a function and
 * not what it has learnt.
 */
export function probeSequences(
  examples: readonly TokenisedExample[],
  tools: Pick<LocalChatTools, 'encodeText' | 'contextLength'>,
): ProbedSequence[] {
  const replies = examples.slice(0, probedExamples).map(probeReplies);
  if (countPositions(replies) >= leastProbed) return replies;
  const whole = replies.map(({ tokens }) => probeAll(tokens));
  const missing = leastProbed - countPositions(whole);
  return missing <= 0 ? whole : [...whole, ...probeText(tools, missing)];
}

/** The logits after a position predict the next one: those before each label. */
function probeReplies({ tokens, labelSpans }: TokenisedExample): ProbedSequence {
  const positions = labelSpans.flatMap(([start, end]) =>
    Array.from({ length: end - start }, (_, index) => start - 1 + index),
  );
  return { tokens: tokens.slice(0, labelSpans.at(-1)![1]), positions: positions.filter((at) => at >= 0) };
}

/** Not the first token: what a model makes of it alone is like nothing that follows. */
function probeAll(tokens: readonly number[]): ProbedSequence {
  return { tokens, positions: Array.from({ length: Math.max(0, tokens.length - 2) }, (_, at) => at + 1) };
}

function probeText(
  { encodeText, contextLength }: Pick<LocalChatTools, 'encodeText' | 'contextLength'>,
  wanted: number,
): ProbedSequence[] {
  const tokens = encodeText(fixedText);
  const length = Math.min(longestPiece, contextLength);
  const pieces: ProbedSequence[] = [];
  for (let from = 0; from < tokens.length && countPositions(pieces) < wanted; from += length) {
    const piece = probeAll(tokens.slice(from, from + length));
    const rest = wanted - countPositions(pieces);
    if (piece.positions.length > 0) pieces.push({ ...piece, positions: piece.positions.slice(0, rest) });
  }
  return pieces;
}

function countPositions(sequences: readonly ProbedSequence[]): number {
  return sequences.reduce((sum, { positions }) => sum + positions.length, 0);
}

/** Plain prose that was written for this check. It must be longer than `leastProbed` tokens in every tokenizer, and say nothing that matters. */
const fixedText = `A lighthouse keeper writes in his book each evening. On Monday the wind came from the west and the sea was grey. Two fishing boats
went out before sunrise and were back by noon with little in their nets. He cleaned the lamp, filled the tank with oil, and mended the step by the
door, which had been loose since the spring. In the afternoon a letter came from his sister. She has a garden behind her house, where she grows beans,
onions and a kind of apple that keeps until February. She asks whether he can send her some dried fish, and tells him that the bridge over the river
has been painted red.

On Tuesday there was fog. The horn sounded every ninety seconds from four in the morning until the sun broke through at eleven. A ship of about two
thousand tons lay at anchor outside the bay, waiting, and went on to the north when the air was clear. He counted seven gulls on the rail, then twelve,
then none. The clock in the hall was three minutes slow, so he wound it and set it by the noon signal from the harbour.

On Wednesday the boy from the shop rowed over with bread, paper, matches and a new rope of twenty metres. They talked about the weather, about the price
of nets, and about the dance in the village hall at the end of the month. The boy wants to learn how to read the stars. The keeper showed him the
Plough, and how to find north by it, and lent him an old chart with a torn corner. If the boy brings it back in one piece, he may have the brass compass
for his birthday.

On Thursday nothing happened. He read half of a book about bees, cooked soup, slept in the afternoon, and lit the lamp ten minutes early because
the clouds were so dark. Rain fell all night long. In the morning the barrel was full, the path was under water, and the garden smelled of wet
earth and salt. He took a spade and dug a small channel, so that the water ran down to the rocks, and then he sat on the bench and drank his coffee.`;
