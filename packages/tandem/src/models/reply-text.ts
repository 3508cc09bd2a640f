import type { LlamaModel, Token } from 'node-llama-cpp';

/** What of a model is needed to read its tokens. */
type Detokenizer = Pick<LlamaModel, 'detokenize'>;

/** Control tokens that are part of a reply's text, such as those that open a tool call; all others are left out. */
export type ShownTokens = ReadonlySet<Token>;

/**
 * A reply's text as its tokens come: a character may take several tokens, and the beginning of a stop sequence must not be shown before it is
 * clear that it is not one.
 */
export class ReplyText {
  text = '';
  /** Its first UTF-16 units that stay, whatever follows. */
  certain = 0;
  readonly #model: Detokenizer;
  readonly #stops: readonly string[];
  readonly #shownTokens: ShownTokens;
  readonly #pending: Token[] = [];
  readonly #before: Token[] = [];

  constructor(model: Detokenizer, stops: readonly string[], shownTokens: ShownTokens) {
    this.#model = model;
    this.#stops = stops.filter((stop) => stop !== '');
    this.#shownTokens = shownTokens;
  }

  /** True when a stop sequence ends the text: at the first that stands in it, which is cut off with all behind. */
  push(token: Token, { stop = true }: { stop?: boolean } = {}): boolean {
    this.#pending.push(token);
    const piece = detokenize(this.#model, this.#pending, this.#before, this.#shownTokens);
    if (piece.endsWith('\uFFFD')) return false;
    this.#before.push(...this.#pending.splice(0));
    const from = this.text.length;
    this.text += piece;
    if (!stop) {
      this.certain = this.text.length;
      return false;
    }
    const found = this.#stops
      .map((stop) => this.text.indexOf(stop, Math.max(0, from - stop.length)))
      .filter((at) => at >= 0);
    if (found.length > 0) {
      this.text = this.text.slice(0, Math.min(...found));
      this.certain = this.text.length;
      return true;
    }
    const held = Math.max(0, ...this.#stops.map((stop) => overlap(this.text, stop)));
    this.certain = Math.max(this.certain, this.text.length - held);
    return false;
  }

  isCompleteJson(): boolean {
    if (!/[}\]]\s*$/.test(this.text)) return false;
    try {
      JSON.parse(this.text);
      return true;
    } catch {
      return false;
    }
  }

  /** No token follows: what is left of a character is shown as it is. */
  end(): void {
    if (this.#pending.length > 0)
      this.text += detokenize(this.#model, this.#pending.splice(0), this.#before, this.#shownTokens);
    this.certain = this.text.length;
  }
}

/** The text that each token adds; a character of several tokens is added by its last, so that the pieces join to the whole. */
export function pieces(
  model: Detokenizer,
  tokens: readonly Token[],
  shownTokens: ShownTokens = new Set(),
): string[] {
  const result: string[] = [];
  let from = 0;
  for (let index = 0; index < tokens.length; index++) {
    const piece = detokenize(model, tokens.slice(from, index + 1), tokens.slice(0, from), shownTokens);
    const partial = piece.endsWith('\uFFFD') && index + 1 < tokens.length;
    result.push(partial ? '' : piece);
    if (!partial) from = index + 1;
  }
  return result;
}

function detokenize(
  model: Detokenizer,
  tokens: readonly Token[],
  before: readonly Token[],
  shown: ShownTokens,
): string {
  return model.detokenize(
    tokens,
    tokens.some((token) => shown.has(token)),
    before,
  );
}

/** Length of the longest end of `text` that begins `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
