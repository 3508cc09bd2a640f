/** The loop that embedder and cross-encoder trainings share: steps, schedule, validation, checkpoints. */
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import type { TrainingDivergedError } from '../errors/training-diverged-error.ts';
import { checkpointPath, prepareCheckpointFolder } from './checkpoint-file.ts';
import { divergenceError } from './divergence.ts';
import { restoreEncoderCheckpoint, saveEncoderCheckpoint } from './encoder-checkpoint.ts';
import type { EncoderHyperparameters } from './encoder-hyperparameters.ts';
import type { EncoderCheckpoints, EncoderHooks, EncoderMetrics, EncoderValidation } from './encoder-job.ts';
import { EncoderOptimizer } from './encoder-optimizer.ts';
import type { EncoderGradients } from './encoder-passes.ts';
import { Pace } from './pace.ts';
import { patienceIsOver } from './patience.ts';
import { learningRateFactor } from './schedule.ts';
import { TrainingStopped, yieldOrStop } from './stop.ts';

/** What the loop needs from a kind of training. */
export interface EncoderTask {
  /** The steps of one epoch, as indexes of examples. */
  steps(epoch: number): number[][];
  /** Tokens in a step, to which its time is proportional. */
  tokens(step: readonly number[]): number;
  /** Loss and gradients of a step. */
  run(step: readonly number[]): Promise<{ loss: number; tokens: number; gradients: EncoderGradients }>;
  validate?: (() => Promise<Omit<EncoderValidation, 'step'>>) | undefined;
}

/** Runs the training in the calling thread. At the end `parameters` hold the best values found. */
export async function runEncoderTraining(options: {
  task: EncoderTask;
  parameters: ReadonlyMap<string, Float32Array>;
  isMatrix: (name: string) => boolean;
  width: number;
  settings: EncoderHyperparameters;
  evaluateEverySteps?: number | undefined;
  /** `fingerprint`: see `fingerprintEncoderJob`. */
  checkpoints: EncoderCheckpoints & { fingerprint: string };
  hooks: EncoderHooks;
}): Promise<EncoderMetrics> {
  const { task, parameters, settings, hooks } = options;
  const { checkpointDirectory: directory, checkpointEverySeconds, fingerprint } = options.checkpoints;
  const started = performance.now();
  const progress = hooks.onProgress ?? (() => {});
  const steps: number[][] = [];
  for (let epoch = 0; epoch < Math.ceil(settings.epochs); epoch++) {
    const own = task.steps(epoch);
    const share = Math.min(1, settings.epochs - epoch);
    steps.push(...own.slice(0, Math.ceil(own.length * share)));
  }
  if (steps.length === 0) {
    throw new InvalidHyperparameterError({
      parameter: 'pairs',
      message: 'There is nothing to train on: no two pairs can be told apart in one batch.',
      hint: 'Give pairs with different positives, or with negatives.',
    });
  }

  const optimizer = new EncoderOptimizer(parameters, options.isMatrix, { ...settings, width: options.width });
  const { moments } = optimizer;
  if (directory) await prepareCheckpointFolder(directory);
  const saved =
    directory && options.checkpoints.resume
      ? await restoreEncoderCheckpoint(directory, { parameters, moments }, fingerprint)
      : undefined;
  if (saved) optimizer.findTouchedRows();
  const counters = saved?.counters ?? {
    step: 0,
    seconds: 0,
    stepSeconds: 0,
    tokens: 0,
    pairs: 0,
    losses: [],
    validation: [],
  };
  let best = saved?.best;
  const secondsBefore = counters.seconds;
  const elapsed = () => secondsBefore + (performance.now() - started) / 1000;
  let savedAt = Number.NEGATIVE_INFINITY;
  let failed = false;
  let savingSeconds = 0;
  const save = async () => {
    if (!directory) return;
    const from = performance.now();
    counters.seconds = elapsed();
    await saveEncoderCheckpoint(directory, { counters, parameters, moments, best }, fingerprint);
    savedAt = performance.now();
    savingSeconds = (savedAt - from) / 1000;
  };

  const warmupSteps = Math.round(settings.warmupFraction * steps.length);
  const evaluateEvery = options.evaluateEverySteps ?? Math.max(1, Math.ceil(steps.length / 8));
  const costs = steps.map((step) => task.tokens(step));
  const costUpTo = [0];
  for (const cost of costs) costUpTo.push(costUpTo.at(-1)! + cost);
  const pace = new Pace();
  let validationSeconds = 0;
  const secondsLeft = () => {
    const training = pace.secondsFor(costUpTo.at(-1)! - costUpTo[counters.step]!);
    if (training === undefined) return undefined;
    return training + validationSeconds * Math.ceil((steps.length - counters.step) / evaluateEvery);
  };

  const validate = async () => {
    const { step, validation } = counters;
    if (!task.validate || validation.at(-1)?.step === step) return;
    progress({ stage: 'measuring validation loss', done: step, total: steps.length, unit: 'steps' });
    const from = performance.now();
    const measured = { step, ...(await task.validate()) };
    validationSeconds = (performance.now() - from) / 1000;
    // Of two equal losses the later counts as best: it has seen more.
    if (validation.every(({ loss }) => measured.loss <= loss)) {
      best = new Map([...parameters].map(([name, values]) => [name, values.slice()]));
      counters.bestStep = step;
    }
    validation.push(measured);
    const left = secondsLeft();
    progress({
      stage: 'training',
      done: step,
      total: steps.length,
      unit: 'steps',
      detail: `validation loss ${measured.loss.toFixed(4)}, recall@1 ${measured.recallAt1.toFixed(3)}`,
      validationLoss: measured.loss,
      recallAt1: measured.recallAt1,
      ...(left !== undefined && { secondsLeft: left }),
    });
  };

  try {
    for (;;) {
      const due =
        counters.step === 0 || counters.step === steps.length || counters.step % evaluateEvery === 0;
      if (due) await validate();
      if (counters.step === steps.length || patienceIsOver(counters.validation, settings.patience)) break;
      const chosen = steps[counters.step]!;
      await yieldOrStop(hooks.stopRequested);
      const from = performance.now();
      const { loss, gradients, tokens: own } = await task.run(chosen);
      const norm = EncoderOptimizer.norm(gradients);
      failed = !Number.isFinite(loss) || !Number.isFinite(norm);
      if (failed) throw await explainDivergence(chosen);
      // Only now is it known that the current state gives a finite loss and gradient, so that training can continue
      // from it.
      const pause = checkpointEverySeconds ?? Math.max(60, 20 * savingSeconds);
      const saving = performance.now();
      if ((saving - savedAt) / 1000 >= pause) await save();
      const notTraining = performance.now() - saving;
      const step = counters.step + 1;
      const rate =
        settings.learningRate * learningRateFactor(step, warmupSteps, steps.length, settings.schedule);
      optimizer.update(gradients, norm, step, rate);
      counters.step = step;
      counters.losses.push(loss);
      counters.tokens += own;
      counters.pairs += chosen.length;
      const seconds = (performance.now() - from - notTraining) / 1000;
      counters.stepSeconds += seconds;
      pace.add(seconds, costs[step - 1]!);
      const pairsPerSecond = counters.pairs / counters.stepSeconds;
      progress({
        stage: 'training',
        done: step,
        total: steps.length,
        unit: 'steps',
        detail: `loss ${loss.toFixed(3)}, ${pairsPerSecond.toFixed(1)} pairs/s`,
        secondsLeft: secondsLeft()!,
        loss,
        learningRate: rate,
        gradientNorm: norm,
        tokens: counters.tokens,
        tokensPerSecond: counters.tokens / counters.stepSeconds,
        pairsPerSecond,
      });
    }
    await save();
  } catch (error) {
    // Not after a divergence: the state on disk is good, and the current one is not.
    if (error instanceof TrainingStopped && !failed) await save();
    throw error;
  }

  for (const [name, values] of best ?? []) parameters.get(name)!.set(values);
  return {
    steps: counters.step,
    plannedSteps: steps.length,
    tokens: counters.tokens,
    pairs: counters.pairs,
    seconds: elapsed(),
    pairsPerSecond: counters.pairs / counters.stepSeconds,
    tokensPerSecond: counters.tokens / counters.stepSeconds,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    losses: counters.losses,
    validation: counters.validation,
    bestStep: counters.bestStep ?? counters.step,
    stoppedBy: counters.step === steps.length ? 'epochs' : 'patience',
  };

  /**
   * Finds the pairs of the step that have no finite loss or gradient. Where only some have none, the state before them
   * is good and is saved.
   */
  async function explainDivergence(chosen: readonly number[]): Promise<TrainingDivergedError> {
    const culprits: number[] = [];
    for (const pair of chosen) {
      await yieldOrStop(hooks.stopRequested);
      const { loss, gradients } = await task.run([pair]);
      if (!Number.isFinite(loss) || !Number.isFinite(EncoderOptimizer.norm(gradients))) culprits.push(pair);
    }
    const all = culprits.length === chosen.length;
    if (!all) await save();
    return divergenceError({
      step: counters.step + 1,
      chosen,
      culprits,
      noun: 'training pair',
      learningRate: settings.learningRate,
      checkpoint:
        directory && (savedAt > Number.NEGATIVE_INFINITY || saved) ? checkpointPath(directory) : undefined,
      // A checkpoint that a stopped process left may be the state that failed here.
      resumedHere: savedAt === Number.NEGATIVE_INFINITY && saved !== undefined,
    });
  }
}
