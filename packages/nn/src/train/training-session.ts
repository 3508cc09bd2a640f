/** The decoder that a LoRA training runs. */
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import { hasIntegerProducts, type SessionOptions } from '../graph/index.ts';
import { type LayeredDecoder, openLayeredDecoder } from '../models/decoder.ts';
import type { Hyperparameters } from './hyperparameters.ts';
import type { MemoryPlan } from './memory-plan.ts';
import type { PreferenceTrainingJob, TrainingJob } from './training-job.ts';

/**
 * How training runs a graph. Nodes stay as written, because their order keeps memory low. Threads sleep between
 * operators: while other programs ran, active waiting took 6 ms of CPU for a token and sleeping takes 4.2; on an idle
 * machine both take the same time.
 */
export function trainingSessionOptions(threads = 2): SessionOptions {
  return { threads, optimize: 'none', spin: false };
}

/**
 * Loads the model and opens its sessions.
 * @throws InvalidHyperparameterError where products in integers are asked for and would be wrong.
 */
export async function openTrainingDecoder(
  { model, threads }: TrainingJob | PreferenceTrainingJob,
  method: 'sft' | 'dpo',
  settings: Hyperparameters & Pick<MemoryPlan, 'recompute' | 'weights'>,
): Promise<LayeredDecoder> {
  const { frozenPrecision, rank, alpha, targetModules, dropout, recompute, weights } = settings;
  if (frozenPrecision === 'int8') await requireIntegerProducts(method);
  return await openLayeredDecoder(model, {
    products: frozenPrecision,
    hold: weights,
    lora: { rank, alpha, targetModules },
    training: { dropout, recompute },
    session: trainingSessionOptions(threads),
  });
}

/**
 * Refuses int8 where it would be wrong. @throws InvalidHyperparameterError where products in integers are not exact
 * here, or the method needs float32.
 */
async function requireIntegerProducts(method: 'sft' | 'dpo'): Promise<void> {
  const refused = (reason: string) =>
    new InvalidHyperparameterError({
      parameter: 'frozenPrecision',
      message: `The hyperparameter frozenPrecision is "int8", and ${reason}.`,
      hint: 'Leave it out for float32.',
    });
  if (method === 'dpo') throw refused('preferences are compared with a reference in float32');
  if (!(await hasIntegerProducts())) throw refused('this CPU has no exact products of eight-bit integers');
}
