import { openGguf } from '@tandem/nn';
import type { Adapter } from '../core/types/adapter.ts';
import { knownModels } from '../models/registry.ts';

/** The training whose speed is asked for. */
export interface AskedTraining {
  /** SHA-256 of the base GGUF file. */
  baseHash: string;
  /** Weights of the base. */
  parameters: number;
  trainer: 'local' | 'worker' | 'hosted';
  /** What decides about the speed beside the model: how the frozen weights are multiplied, and what is learnt from. */
  frozenPrecision: string;
  method: 'sft' | 'dpo';
}

export interface TrainingSpeed {
  /** Tokens of real text. */
  tokensPerSecond: number;
  /** Where the figure comes from, as the beginning of a sentence: "53 tokens a second, as …". */
  basis: string;
}

/**
 * How fast the training will go, by the earlier ones of this project. The last one of the same model, trained in the same way,
 * tells best; then one of the same model; then one of another model, scaled: the work for a token grows with the weights that it
 * goes through. Where none is known it is a guess, scaled in the same way, and said to be one.
 * @param earlier the project's adapters, newest first
 */
export function trainingSpeed(earlier: readonly Adapter[], asked: AskedTraining): TrainingSpeed {
  const trainings = earlier
    .filter(({ lineage, metrics }) => trainerOf(lineage) === asked.trainer && metrics.tokensPerSecond > 0)
    .map((adapter) => ({ ...adapter, waysApart: waysApart(adapter.lineage, asked) }))
    // Stable: of those that are alike in this the newest stays first.
    .sort((a, b) => a.waysApart.length - b.waysApart.length);
  const own = trainings.find(({ lineage }) => lineage.baseHash === asked.baseHash);
  if (own)
    return {
      tokensPerSecond: own.metrics.tokensPerSecond,
      basis: `${own.metrics.tokensPerSecond.toFixed(0)} tokens a second, as in the last training of this model here${inOtherWays(own.waysApart)}`,
    };
  for (const { lineage, metrics, waysApart } of trainings) {
    const parameters = parametersOf(lineage);
    if (parameters === undefined) continue;
    const tokensPerSecond = (metrics.tokensPerSecond * parameters) / asked.parameters;
    return {
      tokensPerSecond,
      basis: `${rounded(tokensPerSecond)} tokens a second, scaled by the number of weights (${millions(asked.parameters)} to ${millions(parameters)} million) from the ${metrics.tokensPerSecond.toFixed(0)} of the last training of ${lineage.baseModel}${inOtherWays(waysApart)}`,
    };
  }
  const tokensPerSecond = (firstGuess.tokensPerSecond * firstGuess.parameters) / asked.parameters;
  return {
    tokensPerSecond,
    basis: `${rounded(tokensPerSecond)} tokens a second, a guess by the model's ${millions(asked.parameters)} million weights before the first training on this machine`,
  };
}

/** Weights in all tensors of a GGUF file. */
export async function countParameters(file: string): Promise<number> {
  await using gguf = await openGguf(file);
  return gguf.tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/** A laptop of two cores with the smallest model, in float32. */
const firstGuess = { tokensPerSecond: 150, parameters: 134_515_008 };

const trainerOf = ({ trainer }: Adapter['lineage']) => trainer ?? 'local';

/** In what an earlier training differs from the one that is asked for, apart from its model. */
function waysApart({ hyperparameters }: Adapter['lineage'], asked: AskedTraining): string[] {
  const { method = 'sft', frozenPrecision = 'float32' } = hyperparameters;
  return [
    ...(method === asked.method ? [] : [`by ${method}`]),
    ...(frozenPrecision === asked.frozenPrecision ? [] : [`with frozenPrecision ${frozenPrecision}`]),
  ];
}

const inOtherWays = (ways: readonly string[]) => (ways.length > 0 ? `, which was ${ways.join(' ')}` : '');

/** Written down with newer adapters; of an older one only if its base is a model that is known by name. */
const parametersOf = ({ baseModel, baseParameters }: Adapter['lineage']) =>
  baseParameters ?? knownModels.find(({ name }) => name === baseModel)?.parameters;

const millions = (parameters: number) => (parameters / 1e6).toFixed(parameters < 1e7 ? 1 : 0);
const rounded = (speed: number) => speed.toFixed(speed < 10 ? 1 : 0);
