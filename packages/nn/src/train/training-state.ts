import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import { seededRandom } from '../graph/seeded-random.ts';
import { type DecoderConfig, decoderLayerSizes } from '../models/decoder-config.ts';
import { type LoraAdapter, loraModulePath, loraTargets } from '../models/lora-adapter.ts';
import type { Moments } from './adamw.ts';
import type { Validation } from './training-job.ts';

/** What changes from step to step of a LoRA training: all of it is in the checkpoint. */
export interface TrainingState {
  /** Steps done. Which examples come next follows from it. */
  step: number;
  /** Seconds spent, in this process and in those before it that were stopped. */
  seconds: number;
  /** Tokens trained on, without padding. */
  tokens: number;
  labelledTokens: number;
  losses: number[];
  validation: Validation[];
  /** Adapter matrices by `<module path>.a` or `.b`. */
  parameters: Map<string, Float32Array>;
  moments: Map<string, Moments>;
  /** The matrices at the lowest validation loss so far. */
  best?: Map<string, Float32Array> | undefined;
  /** Of preferences: the log-probabilities of the replies before training, which take long to measure. */
  reference?: Map<string, Float32Array> | undefined;
}

/**
 * The state before the first step. A is uniform in ±1/√in and B zero, as in PEFT, so that the adapter changes nothing
 * yet. With an initial adapter, which must fit the model, both are copied from it.
 * @throws InvalidHyperparameterError where the initial adapter has another rank, alpha or targets than the settings.
 */
export function createTrainingState(
  config: DecoderConfig,
  settings: Pick<LoraAdapter, 'rank' | 'alpha' | 'targetModules'> & { seed: number },
  initial: LoraAdapter | undefined,
): TrainingState {
  if (initial) requireSameShape(initial, settings);
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

/** An adapter that fits the model may still have another rank, alpha or targets than this training. */
function requireSameShape(
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
      hint: `Continue with the ${name} that the adapter was trained with.`,
    });
  }
}

/** The matrices as those of an adapter: pairs by module path. The arrays are shared, not copied. */
export function toAdapterTensors(parameters: ReadonlyMap<string, Float32Array>): LoraAdapter['tensors'] {
  const result: LoraAdapter['tensors'] = new Map();
  for (const [name, a] of parameters) {
    if (!name.endsWith('.a')) continue;
    const path = name.slice(0, -2);
    result.set(path, { a, b: parameters.get(`${path}.b`)! });
  }
  return result;
}
