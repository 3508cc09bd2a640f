import type { LlamaModel, Token } from 'node-llama-cpp';
import type { TokenScore } from './llama-sequence.ts';
import { pieces, type ShownTokens } from './reply-text.ts';
import { type TokenizerTable, tokenBytes } from './token-bytes.ts';

/** A token that might stand at a place. */
export interface RankedToken {
  /** Its bytes as text; what is no whole character is U+FFFD. */
  text: string;
  /** UTF-8, in numbers from 0 to 255: of a character that takes several tokens, this one's. */
  bytes: number[];
  /** Natural logarithm of the probability that the model gives it there, at temperature 1 and without a grammar. */
  logProbability: number;
}

/** A token of a reply, and what else the model would have liked there. */
export interface OutputToken extends RankedToken {
  /** What it adds to the reply; a character of several tokens is added by its last. */
  text: string;
  /** e to the power of `logProbability`. */
  probability: number;
  /** The likeliest tokens there, the likeliest first; the token itself is among them only if it is one of them. */
  top: RankedToken[];
}

/** The tokens of a reply's text with their scores, cut where the text was cut (at a stop sequence). */
export function outputTokens(
  model: LlamaModel,
  tokens: readonly Token[],
  scores: readonly TokenScore[],
  text: string,
  shownTokens: ShownTokens,
): OutputToken[] {
  const table = tokenizerTable(model);
  const ranked = (token: Token, logProbability: number): RankedToken => {
    const bytes = tokenBytes(table, token) ?? [...Buffer.from(model.detokenize([token], true))];
    return { text: Buffer.from(bytes).toString(), bytes, logProbability };
  };
  const result: OutputToken[] = [];
  let length = 0;
  let inCharacter = false;
  for (const [index, piece] of pieces(model, tokens, shownTokens).entries()) {
    if (length >= text.length) break;
    const kept = piece.slice(0, text.length - length);
    length += piece.length;
    const token = tokens[index] as Token;
    const { logProbability, top } = scores[index] as TokenScore;
    const partial = piece === '' || inCharacter;
    inCharacter = piece === '';
    result.push({
      text: kept,
      bytes: partial ? ranked(token, logProbability).bytes : [...Buffer.from(kept)],
      logProbability,
      probability: Math.exp(logProbability),
      top: top.map((other) => ranked(other.token, other.logProbability)),
    });
  }
  return result;
}

function tokenizerTable(model: LlamaModel): TokenizerTable {
  const { ggml } = model.fileInfo.metadata.tokenizer as {
    ggml: { model: string; tokens?: string[]; token_type?: number[] };
  };
  return { model: ggml.model, tokens: ggml.tokens ?? [], types: ggml.token_type };
}
