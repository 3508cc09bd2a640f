/** The sessions of a LoRA training: its graphs, loaded with the model. */
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import { hasIntegerProducts, openSession, type Session, type SessionOptions } from '../graph/index.ts';
import { loadDecoder, quantizeToInt8 } from '../models/decoder-weights.ts';
import type { Hyperparameters } from './hyperparameters.ts';
import type { MemoryPlan } from './memory-plan.ts';
import { preferenceGraphs, supervisedGraphs } from './objective.ts';
import type { TrainingData } from './training-data.ts';
import type { PreferenceTrainingJob, TrainingJob } from './training-job.ts';

/**
 * How training runs a graph. Weights are fed from this thread's memory, without a second copy, and nodes stay as
 * written, because their order keeps memory low. Threads sleep between operators: while other programs ran, active
 * waiting took 6 ms of CPU for a token and sleeping takes 4.2; on an idle machine both take the same time.
 */
export function trainingSessionOptions(threads = 2): SessionOptions {
  return { threads, weights: 'fed', optimize: 'none', spin: false };
}

/**
 * Opens the sessions. Only they keep the model: its arrays are freed when this returns, except those that sessions are
 * fed with.
 */
export async function openTrainingSessions(
  { model: given, threads }: TrainingJob | PreferenceTrainingJob,
  data: TrainingData,
  settings: Hyperparameters & Pick<MemoryPlan, 'recompute'>,
): Promise<{ trainer: Session; evaluator: Session | undefined }> {
  const layers = settings.frozenPrecision;
  if (layers === 'int8') await requireIntegerProducts(data.method);
  const loaded = typeof given === 'string' ? await loadDecoder(given, { layers }) : given;
  const model = layers === 'int8' ? quantizeToInt8(loaded) : loaded;
  const { rank, alpha, targetModules, dropout, recompute } = settings;
  const lora = { rank, alpha, targetModules, dropout, recompute };
  const graphs =
    data.method === 'dpo' ? preferenceGraphs(model, lora, settings.beta) : supervisedGraphs(model, lora);
  const options = trainingSessionOptions(threads);
  const trainer = await openSession(graphs.training(), { ...options, weights: 'integers embedded' });
  if (data.method !== 'dpo' && data.size.validationExamples === 0) return { trainer, evaluator: undefined };
  try {
    return { trainer, evaluator: await openSession(graphs.loss(), options) };
  } catch (error) {
    await trainer[Symbol.asyncDispose]();
    throw error;
  }
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
