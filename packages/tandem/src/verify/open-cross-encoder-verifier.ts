import { join } from 'node:path';
import { type FetchOptions, fetchModel } from '../models/fetch/fetch-model.ts';
import { defaultThreads } from '../models/local-embedder.ts';
import { shareModel } from '../models/shared-model.ts';
import { crossEncoderVerifier } from './cross-encoder-verifier.ts';
import type { Verifier } from './verifier.ts';

/** Card and weights, made by `npm run train-verifier`. */
export const verifierFolder = join(import.meta.dirname, 'tandem-verifier');

/** Where the model's base is found, and how it runs. */
export interface CrossEncoderVerifierOptions extends FetchOptions {
  /** A safetensors file that makes a verifier's cross-encoder of all-MiniLM-L6-v2. Default: the one in `tandem-verifier`. */
  difference?: string;
  /** `TANDEM_THREADS` by default, else the machine's cores, four at most. */
  threads?: number;
}

/**
 * A verifier for English, whose weights `npm run train-verifier` makes; none come with Tandem yet: a cross-encoder, a small difference from all-MiniLM-L6-v2, whose files it takes from the cache or
 * fetches. It holds memory until it is disposed of. Errors of the files are `@tandem/nn`'s FileFormatError.
 *
 * @example
 * await using verifier = await openCrossEncoderVerifier();
 * const [verdict] = await verifier.verify([{ claim, evidence }]);
 */
export async function openCrossEncoderVerifier(
  options: CrossEncoderVerifierOptions = {},
): Promise<Verifier & AsyncDisposable> {
  const {
    difference = join(verifierFolder, 'difference.safetensors'),
    threads = defaultThreads(),
    ...where
  } = options;
  const { path: directory } = await fetchModel('local:all-minilm-l6-v2', where);
  const { CrossEncoder } = await import('@tandem/nn');
  const { model, release } = await shareModel(
    JSON.stringify(['verifier', directory, difference, threads]),
    () => CrossEncoder.load({ directory, difference, threads }),
    (loaded) => loaded[Symbol.asyncDispose](),
  );
  return { ...crossEncoderVerifier(model), [Symbol.asyncDispose]: release };
}
