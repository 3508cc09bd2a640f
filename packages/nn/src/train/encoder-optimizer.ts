/** AdamW for an encoder's parameters. Of the embedding tables only a few rows have a gradient in a step. */
import { adamWUpdate, globalNorm, type Moments } from './adamw.ts';
import type { EncoderGradients } from './encoder-passes.ts';

export interface EncoderOptimizerOptions {
  /** Decoupled, and on matrices only (not on biases and norms), as in transformers' Trainer. */
  weightDecay: number;
  /** Gradients are scaled down to this norm over all parameters; 0 turns that off. */
  maxGradientNorm: number;
  /** Values in a table's row. */
  width: number;
}

export class EncoderOptimizer {
  readonly moments = new Map<string, Moments>();
  readonly #parameters: ReadonlyMap<string, Float32Array>;
  readonly #isMatrix: (name: string) => boolean;
  readonly #options: EncoderOptimizerOptions;
  /**
   * The rows of each table that have ever had a gradient. All others have moments of zero, and an update would not
   * change them.
   */
  readonly #touched = new Map<string, Set<number>>();

  constructor(
    parameters: ReadonlyMap<string, Float32Array>,
    isMatrix: (name: string) => boolean,
    options: EncoderOptimizerOptions,
  ) {
    this.#parameters = parameters;
    this.#isMatrix = isMatrix;
    this.#options = options;
    for (const [name, { length }] of parameters) {
      this.moments.set(name, { first: new Float32Array(length), second: new Float32Array(length) });
    }
  }

  /** Finds those rows from restored moments: a row that once had a gradient is updated in every step. */
  findTouchedRows(): void {
    const { width } = this.#options;
    for (const [name, { first, second }] of this.moments) {
      const rows = new Set<number>();
      for (let row = 0; row < first.length / width; row++) {
        const from = row * width;
        for (let at = from; at < from + width; at++) {
          if (first[at] === 0 && second[at] === 0) continue;
          rows.add(row);
          break;
        }
      }
      this.#touched.set(name, rows);
    }
  }

  /** L2 norm of all gradients together. */
  static norm({ dense, tables }: EncoderGradients): number {
    return Math.hypot(
      globalNorm(dense.values()),
      ...[...tables.values()].map((rows) => globalNorm(rows.values())),
    );
  }

  /** One update in place. `step` counts from 1; `norm` is that of the gradients. */
  update({ dense, tables }: EncoderGradients, norm: number, step: number, rate: number): void {
    const { weightDecay, maxGradientNorm, width } = this.#options;
    const clip = maxGradientNorm > 0 ? Math.min(1, maxGradientNorm / (norm + 1e-6)) : 1;
    for (const [name, gradient] of dense) {
      const decay = { weightDecay: this.#isMatrix(name) ? weightDecay : 0 };
      adamWUpdate(this.#parameters.get(name)!, gradient, this.moments.get(name)!, step, rate, decay, clip);
    }
    const nothing = new Float32Array(width);
    for (const [name, rows] of tables) {
      const values = this.#parameters.get(name)!;
      const { first, second } = this.moments.get(name)!;
      for (const row of this.#rowsToUpdate(name, rows, values.length / width)) {
        const [from, to] = [row * width, (row + 1) * width];
        const moments = { first: first.subarray(from, to), second: second.subarray(from, to) };
        const gradient = rows.get(row) ?? nothing;
        adamWUpdate(values.subarray(from, to), gradient, moments, step, rate, { weightDecay }, clip);
      }
    }
  }

  #rowsToUpdate(name: string, rows: ReadonlyMap<number, Float32Array>, count: number): Iterable<number> {
    // Weight decay changes every row.
    if (this.#options.weightDecay > 0) return Array(count).keys();
    const touched = this.#touched.get(name) ?? new Set<number>();
    this.#touched.set(name, touched);
    for (const row of rows.keys()) touched.add(row);
    return touched;
  }
}
