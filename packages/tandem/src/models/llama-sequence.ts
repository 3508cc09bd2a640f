import type {
  InputLookupTokenPredictor,
  LlamaContextSequence,
  SequenceEvaluateOptions,
  Token,
} from 'node-llama-cpp';
import { reusableTokens, tokenBlock, wholeBlocks } from './reusable-tokens.ts';
import type { SavedPrefixes } from './saved-prefixes.ts';

/** Prompt tokens evaluated between two looks at the abort signal. A multiple of the block, and llama.cpp's batch. */
const prefillStep = 512;
/** A shorter beginning is evaluated sooner than its state is found. */
const leastSaved = 64;

/** Natural logarithms of probabilities, at temperature 1 and without a grammar. */
export interface TokenScore {
  logProbability: number;
  /** The likeliest first. */
  top: { token: Token; logProbability: number }[];
}

/** One KV cache, lent to one call at a time. */
export interface Sequence extends AsyncDisposable {
  /**
   * Evaluates the prompt but for its last token, keeping what the cache already holds of it; returns how many tokens that was. `shared` is how
   * many of its first tokens many prompts begin with: what they evaluate to is also saved, and read where the cache does not hold it.
   * What is reused changes no number: see `reusableTokens`. Flash attention is off, because with it llama.cpp's numbers depend on how a
   * prompt is split into batches.
   */
  prefill(
    prompt: readonly Token[],
    options?: { shared?: number; signal?: AbortSignal | undefined },
  ): Promise<number>;
  /** Generates after a prefill. */
  generate(options: SequenceEvaluateOptions): AsyncGenerator<Token, void>;
  /** Each continuation token's probability, given all before it, and the `top` likeliest tokens in its place. */
  score(
    prompt: readonly Token[],
    continuation: readonly Token[],
    options?: { top?: number; signal?: AbortSignal | undefined },
  ): Promise<TokenScore[]>;
  /** Raw logits of `candidates` as the next token after the prompt and the tokens written since. */
  nextLogits(
    prompt: readonly Token[],
    written: readonly Token[],
    candidates: readonly Token[],
    signal?: AbortSignal,
  ): Promise<number[]>;
  /** Raw logits after each position. */
  logits(
    tokens: readonly Token[],
    positions: readonly number[],
    signal?: AbortSignal,
  ): Promise<Float32Array[]>;
}

/** The KV cache of one context, and how what is in it was evaluated. */
export class CachedSequence {
  readonly #sequence: LlamaContextSequence;
  readonly #adjustThreads: () => void;
  readonly #prefixes: SavedPrefixes;
  readonly #lookup: InputLookupTokenPredictor | undefined;
  /** Tokens at the beginning that were evaluated as one prompt; those after it one by one. −1 where that is not so. */
  #batched = -1;

  constructor(
    sequence: LlamaContextSequence,
    parts: {
      /** Called before each evaluation. */
      adjustThreads: () => void;
      prefixes: SavedPrefixes;
      /** The sequence's token predictor, if it has one. */
      lookup: InputLookupTokenPredictor | undefined;
    },
  ) {
    this.#sequence = sequence;
    this.#adjustThreads = parts.adjustThreads;
    this.#prefixes = parts.prefixes;
    this.#lookup = parts.lookup;
  }

  /** Lends it to one call; `release` is called when that gives it back. */
  lend(release: () => void): Sequence {
    let given: readonly Token[] | undefined;
    return {
      prefill: async (prompt, { shared = 0, signal } = {}) => {
        given = prompt;
        return this.#prefill(prompt.slice(0, -1), { shared, signal });
      },
      generate: (options) => {
        if (given === undefined) throw new Error('generate() needs a prefill().');
        return this.#generate(given, options);
      },
      score: (...asked) => this.#score(...asked),
      nextLogits: (...asked) => this.#nextLogits(...asked),
      logits: (...asked) => this.#logits(...asked),
      [Symbol.asyncDispose]: async () => release(),
    };
  }

  /** Leaves exactly `prompt` and what of `singles` it already had in the cache; returns how many tokens were there. */
  async #prefill(
    prompt: readonly Token[],
    options: { shared?: number; singles?: readonly Token[]; signal?: AbortSignal | undefined } = {},
  ): Promise<number> {
    const { singles = [], signal } = options;
    const sequence = this.#sequence;
    const held = { tokens: sequence.contextTokens, batched: this.#batched };
    let kept = reusableTokens(held, prompt, singles);
    this.#batched = -1;
    if (kept < held.tokens.length) await this.#erase(kept);
    if (kept >= prompt.length) {
      this.#batched = prompt.length;
      return kept;
    }
    const shared = wholeBlocks(Math.min(options.shared ?? 0, prompt.length - tokenBlock));
    let evaluated = kept;
    // A sequence with checkpoints holds the state of its last tokens only (sliding windows, recurrent layers).
    if (shared >= leastSaved && shared > kept && !sequence.needsCheckpoints) {
      const beginning = prompt.slice(0, shared);
      if (await this.#prefixes.load(beginning, (file) => this.#loadState(file, beginning))) {
        kept = shared;
      } else {
        await this.#clear();
        await this.#evaluate(beginning, signal);
        await this.#prefixes.save(beginning, async (file) => {
          await sequence.saveStateToFile(file);
        });
      }
      evaluated = shared;
    }
    await this.#evaluate(prompt.slice(evaluated), signal);
    this.#batched = prompt.length;
    return kept;
  }

  /** Never less than a block at the end: see `reusableTokens`. */
  async #evaluate(tokens: readonly Token[], signal: AbortSignal | undefined): Promise<void> {
    for (let from = 0; from < tokens.length; ) {
      signal?.throwIfAborted();
      this.#adjustThreads();
      const left = tokens.length - from;
      const step =
        left > prefillStep && left < prefillStep + tokenBlock ? prefillStep - tokenBlock : prefillStep;
      await this.#sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(from, from + step));
      from += step;
    }
  }

  async #loadState(file: string, tokens: readonly Token[]): Promise<boolean> {
    await this.#clear();
    try {
      await this.#sequence.loadStateFromFile(file, { acceptRisk: true });
    } catch {
      await this.#clear();
      return false;
    }
    const loaded = this.#sequence.contextTokens;
    if (loaded.length === tokens.length && tokens.every((token, at) => token === loaded[at])) return true;
    await this.#clear();
    return false;
  }

  async #erase(from: number): Promise<void> {
    if (from === 0) await this.#clear();
    else await this.#sequence.eraseContextTokenRanges([{ start: from, end: this.#sequence.nextTokenIndex }]);
  }

  async #clear(): Promise<void> {
    await this.#sequence.clearHistory();
  }

  async *#generate(prompt: readonly Token[], options: SequenceEvaluateOptions): AsyncGenerator<Token, void> {
    this.#adjustThreads();
    this.#lookup?.updateInputTokens([...prompt]);
    try {
      for await (const token of this.#sequence.evaluate([prompt.at(-1) as Token], options)) {
        yield token;
        this.#adjustThreads();
      }
    } finally {
      // Guessed tokens are evaluated together.
      if (this.#lookup) await this.#erase(prompt.length - 1);
    }
  }

  async #score(
    prompt: readonly Token[],
    continuation: readonly Token[],
    { top = 0, signal }: { top?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<TokenScore[]> {
    const before = prompt.slice(0, -1);
    await this.#prefill(before, { signal });
    this.#batched = -1;
    const inputs = [prompt.at(-1) as Token, ...continuation.slice(0, -1)];
    const scores: TokenScore[] = [];
    for (let from = 0; from < inputs.length; from += prefillStep) {
      signal?.throwIfAborted();
      this.#adjustThreads();
      const results = await this.#sequence.controlledEvaluate(
        inputs.slice(from, from + prefillStep).map((token, index) => [
          token,
          {
            generateNext: {
              // At temperature 0 the selected token is the likeliest one, to which the total weight is relative.
              logits: {
                filter: {
                  tokens: [continuation[from + index] as Token],
                  includeSelected: true,
                  ...(top > 0 && { includeTop: top }),
                },
              },
              totalLogitWeight: true,
            },
          },
        ]),
      );
      for (const [index, result] of results.entries()) {
        const { logits, totalLogitWeight } = result?.next ?? {};
        const own = logits?.get(continuation[from + index] as Token);
        if (logits === undefined || totalLogitWeight === undefined || own === undefined) {
          throw new Error('llama.cpp returned no logits.');
        }
        const total = Math.max(...logits.values()) + Math.log(totalLogitWeight);
        scores.push({
          logProbability: own - total,
          top: [...logits]
            .toSorted(([, a], [, b]) => b - a)
            .slice(0, top)
            .map(([token, logit]) => ({ token, logProbability: logit - total })),
        });
      }
    }
    // They were evaluated together, so they may not stand for tokens written one by one.
    await this.#erase(before.length);
    this.#batched = before.length;
    return scores;
  }

  async #nextLogits(
    prompt: readonly Token[],
    written: readonly Token[],
    candidates: readonly Token[],
    signal: AbortSignal | undefined,
  ): Promise<number[]> {
    const before = prompt.slice(0, -1);
    const inputs = [prompt.at(-1) as Token, ...written];
    const singles = inputs.slice(0, -1);
    const kept = await this.#prefill(before, { singles, signal });
    for (const token of singles.slice(Math.max(0, kept - before.length))) {
      signal?.throwIfAborted();
      this.#adjustThreads();
      await this.#sequence.evaluateWithoutGeneratingNewTokens([token]);
    }
    this.#adjustThreads();
    const filter = { tokens: [...candidates] };
    const [result] = await this.#sequence.controlledEvaluate([
      [inputs.at(-1) as Token, { generateNext: { logits: { filter } } }],
    ]);
    const logits = result?.next.logits;
    return candidates.map((token) => {
      const logit = logits?.get(token);
      if (logit === undefined) throw new Error('llama.cpp returned no logits.');
      return logit;
    });
  }

  async #logits(
    tokens: readonly Token[],
    positions: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<Float32Array[]> {
    this.#batched = -1;
    await this.#clear();
    const wanted = new Set(positions);
    const found = new Map<number, Float32Array>();
    const step = 64; // the vocabulary comes back as a map for each position: keep few of them alive
    for (let from = 0; from < tokens.length; from += step) {
      signal?.throwIfAborted();
      this.#adjustThreads();
      const results = await this.#sequence.controlledEvaluate(
        tokens
          .slice(from, from + step)
          .map((token, index) =>
            wanted.has(from + index) ? [token, { generateNext: { logits: true } }] : token,
          ),
      );
      for (const [index, result] of results.entries()) {
        if (result?.next.logits === undefined) continue;
        const row = new Float32Array(result.next.logits.size);
        for (const [token, logit] of result.next.logits) row[token] = logit;
        found.set(from + index, row);
      }
    }
    return positions.map((position) => {
      const row = found.get(position);
      if (row === undefined)
        throw new Error(`Position ${position} is not among the ${tokens.length} tokens.`);
      return row;
    });
  }
}
