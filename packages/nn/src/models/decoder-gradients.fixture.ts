import { openLayeredDecoder } from './decoder.ts';
import { adapterInputs, decoderBatch, type LabelledTokens } from './decoder-batch.ts';
import type { DecoderModel } from './decoder-config.ts';
import type { LayerTraining } from './decoder-layer.ts';
import type { FrozenForm } from './frozen-layers.ts';
import type { LoraAdapter } from './lora-adapter.ts';

/**
 * Mean loss over the labels, measured alone and in training, and the gradients of every adapter matrix by
 * `<module path>.a` and `.b`. In float32 with what it keeps, unless `form` says otherwise.
 */
export async function lossAndGradients(
  model: string | DecoderModel,
  adapter: LoraAdapter,
  sequences: readonly LabelledTokens[],
  form: Partial<FrozenForm & Pick<LayerTraining, 'recompute'>> = {},
): Promise<{ loss: number; evaluated: number; gradients: Map<string, Float32Array> }> {
  const { recompute = 'parts', ...rest } = form;
  await using decoder = await openLayeredDecoder(model, {
    products: 'float32',
    hold: 'ready',
    ...rest,
    lora: adapter,
    training: { recompute },
    session: { optimize: 'none' },
  });
  const matrices = adapterInputs(adapter, decoder.config);
  const gradients = new Map(
    Object.entries(matrices).map(([name, { data }]) => [name, new Float32Array(data.length)]),
  );
  const batch = decoderBatch(sequences);
  const mean = (logProbabilities: Float32Array) =>
    logProbabilities.reduce((sum, value) => sum - value, 0) / batch.labels.length;
  const evaluated = mean(await decoder.logProbabilities(batch, matrices));
  let loss = Number.NaN;
  await decoder.train(batch, matrices, {
    loss(logProbabilities) {
      loss = mean(logProbabilities);
      return new Float32Array(logProbabilities.length).fill(-1 / batch.labels.length);
    },
    gradients,
  });
  return { loss, evaluated, gradients };
}

/** ‖ours − theirs‖ / ‖theirs‖. */
export function relativeError(ours: Float32Array, theirs: Float32Array): number {
  let [difference, norm] = [0, 0];
  theirs.forEach((value, index) => {
    difference += (ours[index]! - value) ** 2;
    norm += value ** 2;
  });
  return Math.sqrt(difference / norm);
}
