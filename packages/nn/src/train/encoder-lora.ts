/** LoRA for a BERT: the initial matrices, and folding the trained ones into the weights. */
import { seededRandom } from '../graph/seeded-random.ts';
import type { BertLora } from '../models/bert-training.ts';
import { type BertModel, bertLinears } from '../models/bert-weights.ts';
import type { EncoderHyperparameters } from './encoder-hyperparameters.ts';

/** A new adapter. A is uniform in ±1/√in and B zero, as in PEFT, so that the adapter changes nothing yet. */
export function createBertLora(model: BertModel, settings: EncoderHyperparameters): BertLora {
  const random = seededRandom(settings.seed);
  const { rank, alpha } = settings;
  const matrices = new Map<string, Float32Array>();
  for (const [name, [out, into]] of bertLinears(model.settings)) {
    const bound = 1 / Math.sqrt(into);
    matrices.set(
      `${name}.a`,
      Float32Array.from({ length: rank * into }, () => (random() * 2 - 1) * bound),
    );
    matrices.set(`${name}.b`, new Float32Array(out * rank));
  }
  return { rank, alpha, matrices };
}

/** Adds alpha / rank · B · A to the weights, in place, so that the saved model needs no adapter. */
export function foldLora(model: BertModel, { rank, alpha, matrices }: BertLora): void {
  for (const [name, [out, into]] of bertLinears(model.settings)) {
    const weight = model.weights.get(`${name}.weight`)!;
    const [a, b] = [matrices.get(`${name}.a`)!, matrices.get(`${name}.b`)!];
    for (let row = 0; row < out; row++) {
      for (let column = 0; column < into; column++) {
        let sum = 0;
        for (let r = 0; r < rank; r++) sum += b[row * rank + r]! * a[r * into + column]!;
        weight[row * into + column]! += (alpha / rank) * sum;
      }
    }
  }
}
