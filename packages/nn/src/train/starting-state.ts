import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import { seededRandom } from '../graph/finite-differences.ts';
import { type DecoderConfig, decoderLayerSizes } from '../models/decoder-weights.ts';
import type { TrainingState } from './checkpoint.ts';
import { type LoraAdapter, loraModulePath, loraTargets } from './lora-adapter.ts';

/** A uniform in ±1/√in and B zero, as PEFT begins: the adapter changes nothing at first. Or the matrices given, which fit the model. */
export function startingState(
  config: DecoderConfig,
  settings: Pick<LoraAdapter, 'rank' | 'alpha' | 'targetModules'> & { seed: number },
  initial: LoraAdapter | undefined,
): TrainingState {
  if (initial) demandSame(initial, settings);
  const sizes = decoderLayerSizes(config);
  const random = seededRandom(settings.seed);
  const parameters = new Map<string, Float32Array>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const target of loraTargets) {
      if (!settings.targetModules.includes(target)) continue;
      const { out, in: into } = sizes[target];
      const bound = 1 / Math.sqrt(into);
      const path = loraModulePath(layer, target);
      if (initial) {
        const pair = initial.tensors.get(path)!;
        parameters.set(`${path}.a`, pair.a.slice()).set(`${path}.b`, pair.b.slice());
        continue;
      }
      const a = Float32Array.from({ length: settings.rank * into }, () => (random() * 2 - 1) * bound);
      parameters.set(`${path}.a`, a).set(`${path}.b`, new Float32Array(out * settings.rank));
    }
  }
  const moments = new Map(
    [...parameters].map(([name, { length }]) => [
      name,
      { first: new Float32Array(length), second: new Float32Array(length) },
    ]),
  );
  return {
    step: 0,
    seconds: 0,
    tokens: 0,
    labelledTokens: 0,
    losses: [],
    validation: [],
    parameters,
    moments,
  };
}

/** An adapter that fits the model may still be of another kind than the training's. */
function demandSame(
  initial: LoraAdapter,
  settings: Pick<LoraAdapter, 'rank' | 'alpha' | 'targetModules'>,
): void {
  for (const name of ['rank', 'alpha', 'targetModules'] as const) {
    const [theirs, ours] = [initial[name], settings[name]].map((value) =>
      Array.isArray(value) ? value.toSorted().join(', ') : value,
    );
    if (theirs === ours) continue;
    throw new InvalidHyperparameterError({
      parameter: 'initialAdapter',
      message: `The initial adapter has ${name} ${theirs}, and this training has ${ours}.`,
      hint: `Train on with the ${name} that the adapter was trained with.`,
    });
  }
}

/** The matrices as an adapter's pairs, by module path. */
export function pairs(parameters: ReadonlyMap<string, Float32Array>): LoraAdapter['tensors'] {
  const result: LoraAdapter['tensors'] = new Map();
  for (const [name, a] of parameters) {
    if (!name.endsWith('.a')) continue;
    const path = name.slice(0, -2);
    result.set(path, { a, b: parameters.get(`${path}.b`)! });
  }
  return result;
}
