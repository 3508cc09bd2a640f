import { isMarked, TandemError } from './tandem-error.ts';

/** The model that serves an adapter does not answer with it as the trainer does. The adapter is not registered. */
export class ParityError extends TandemError {
  /** Mean Kullback–Leibler divergence of the two models' next-token distributions, in nats. */
  readonly meanKl: number;
  /** Share of positions at which both find the same token likeliest, 0 to 1. */
  readonly sameTopToken: number;

  constructor(options: { file: string; meanKl: number; sameTopToken: number; tokens: number }) {
    super({
      code: 'parity',
      domain: 'tune',
      category: 'system',
      message: `llama.cpp does not answer with the adapter ${options.file} as the trainer does: mean KL ${options.meanKl.toFixed(4)}, same top token ${(options.sameTopToken * 100).toFixed(1)} % of ${options.tokens}.`,
      hint: 'The adapter is not registered. Train again; if it stays so, please report it with the model file used.',
    });
    this.meanKl = options.meanKl;
    this.sameTopToken = options.sameTopToken;
  }

  static override isInstance(error: unknown): error is ParityError {
    return isMarked(error, 'parity');
  }
}
