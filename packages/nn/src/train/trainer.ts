import { ggufArchitecture, requireFit, requireSameLineage } from '../adapters/adapter-fit.ts';
import type { TrainingDivergedError } from '../errors/training-diverged-error.ts';
import { adapterInputs, type PreferredTokens } from '../models/decoder-batch.ts';
import { readDecoderConfig } from '../models/decoder-weights.ts';
import type { AdapterLineage, LoraAdapter } from '../models/lora-adapter.ts';
import { adamWUpdate, globalNorm } from './adamw.ts';
import { cutIntoPasses } from './batches.ts';
import { type CheckpointIdentity, loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { checkpointPath, prepareCheckpointFolder } from './checkpoint-file.ts';
import { divergenceError } from './divergence.ts';
import { hyperparametersFor } from './hyperparameters.ts';
import { machineMemory, planMemory, readStoredSize } from './memory-plan.ts';
import {
  batchOf,
  dropoutKeysOf,
  measureLoss,
  type Objective,
  preferenceObjective,
  type ReferenceLogProbabilities,
  sumReplies,
  supervisedObjective,
} from './objective.ts';
import { Pace, planSteps } from './pace.ts';
import { patienceIsOver } from './patience.ts';
import { learningRateFactor } from './schedule.ts';
import { TrainingStopped, yieldOrStop } from './stop.ts';
import { readTrainingData } from './training-data.ts';
import { fingerprintTraining, hashModelFiles } from './training-fingerprint.ts';
import type { PreferenceTrainingJob, TrainingHooks, TrainingJob, TrainingResult } from './training-job.ts';
import { openTrainingDecoder } from './training-session.ts';
import { createTrainingState, toAdapterTensors } from './training-state.ts';

/** Trains a LoRA adapter in the calling thread, which it occupies. Programs call `trainLora` or `trainPreferences`. */
export async function runTraining(
  job: TrainingJob | PreferenceTrainingJob,
  hooks: TrainingHooks = {},
): Promise<TrainingResult> {
  const started = performance.now();
  const { stopRequested } = hooks;
  const progress = hooks.onProgress ?? (() => {});
  const config = typeof job.model === 'string' ? await readDecoderConfig(job.model) : job.model.config;
  const data = readTrainingData(job, config);
  const { settings, evaluations } = hyperparametersFor(job.hyperparameters ?? {}, data.size, data.method);

  const name = typeof job.model === 'string' ? job.model : 'the model';
  if (job.initialAdapter) requireFit(job.initialAdapter, config, name, job.lineage);
  const files = await hashModelFiles(job.model);
  const known: AdapterLineage = { architecture: ggufArchitecture(config) };
  if (files?.length === 1) known.baseSha256 = files[0]!;
  for (const given of [job.lineage, job.initialAdapter?.lineage])
    requireSameLineage(given ?? {}, known, name);
  const lineage = { ...job.initialAdapter?.lineage, ...job.lineage, ...known };
  const { rank, alpha, targetModules } = settings;
  const shape = { rank, alpha, targetModules, lineage };
  const identity: CheckpointIdentity = {
    fingerprint: fingerprintTraining(job, files, data, settings),
    shape,
  };
  const directory = job.checkpointDirectory;
  if (directory) await prepareCheckpointFolder(directory);
  const saved = directory && job.resume ? await loadCheckpoint(directory, identity.fingerprint) : undefined;
  const state = saved ?? createTrainingState(config, settings, job.initialAdapter);
  const adapter: LoraAdapter = { ...shape, tensors: toAdapterTensors(state.parameters) };
  const { step: stepsBefore, seconds: secondsBefore } = state;
  const elapsed = () => secondsBefore + (performance.now() - started) / 1000;
  const save = async () => {
    if (directory) await saveCheckpoint(directory, { ...state, seconds: elapsed() }, identity);
  };

  const memory = planMemory(
    config,
    { ...settings, ...data.extent, stored: await readStoredSize(job.model) },
    job.memoryBytes ?? machineMemory(),
  );
  const plan = { ...memory, tokensPerPass: job.tokensPerPass ?? memory.tokensPerPass };
  const { tokensPerPass } = plan;
  progress({ stage: 'loading model', done: 0, total: 1, unit: 'models' });
  await using decoder = await openTrainingDecoder(job, data.method, { ...settings, ...plan });
  progress({ stage: 'loading model', done: 1, total: 1, unit: 'models' });
  const matrices = adapterInputs(adapter, config);
  // Filled again in each step.
  const gradients = new Map(
    [...state.parameters].map(([name, { length }]) => [name, new Float32Array(length)]),
  );
  const { train, validation } = await prepareObjectives();

  const stepSize = settings.batchSize * settings.accumulate;
  const stepPlan = planSteps({ lengths: train.lengths, stepSize, seed: settings.seed, tokensPerPass });
  const stepsPerEpoch = Math.ceil(train.lengths.length / stepSize);
  const plannedSteps = Math.ceil(stepsPerEpoch * settings.epochs);
  let totalSteps = plannedSteps;
  const evaluateEvery = () =>
    job.evaluateEverySteps ?? Math.max(1, Math.ceil(totalSteps / affordableEvaluations()));
  const isFinished = () => state.step >= totalSteps || patienceIsOver(state.validation, settings.patience);

  const pace = new Pace();
  let evaluationSeconds: number | undefined;
  let stepSeconds = 0;
  let stepTokens = 0;
  let lastSaved = Number.NEGATIVE_INFINITY;
  let failed = false;
  try {
    for (;;) {
      const due = state.step === 0 || state.step >= totalSteps || state.step % evaluateEvery() === 0;
      if (due && state.validation.at(-1)?.step !== state.step) await evaluate();
      if (isFinished()) break;

      const chosen = stepPlan.examplesOf(state.step);
      const from = performance.now();
      const loss = await computeGradients(chosen);
      const norm = globalNorm(gradients.values());
      failed = !Number.isFinite(loss) || !Number.isFinite(norm);
      if (failed) throw await explainDivergence(chosen);
      // Only now is it known that the current state gives a finite loss and gradient, so that training can continue
      // from it.
      const epochEnds = state.step > 0 && state.step % stepsPerEpoch === 0;
      if (epochEnds || (performance.now() - lastSaved) / 1000 >= (job.checkpointEverySeconds ?? 60)) {
        await save();
        lastSaved = performance.now();
      }
      if (epochEnds && directory)
        progress({
          stage: 'training',
          done: state.step,
          total: totalSteps,
          unit: 'steps',
          savedEpochs: state.step / stepsPerEpoch,
        });
      const rate = update(norm);
      const tokens = chosen.reduce((total, item) => total + train.tokens[item]!, 0);
      state.losses.push(loss);
      state.tokens += tokens;
      state.labelledTokens += chosen.reduce((total, item) => total + train.labelledTokens[item]!, 0);
      const seconds = (performance.now() - from) / 1000;
      stepSeconds += seconds;
      stepTokens += tokens;
      pace.add(seconds, stepPlan.cost(state.step - 1, state.step));
      fitStepsToTime();
      const tokensPerSecond = stepTokens / stepSeconds;
      progress({
        stage: 'training',
        done: state.step,
        total: totalSteps,
        unit: 'steps',
        detail: `loss ${loss.toFixed(3)}, ${tokensPerSecond.toFixed(0)} tokens/s`,
        secondsLeft: secondsLeft(),
        loss,
        learningRate: rate,
        gradientNorm: norm,
        tokens: state.tokens,
        tokensPerSecond,
      });
    }
    await save();
  } catch (error) {
    // Not after a divergence: the state on disk is good, and the current one is not.
    if (error instanceof TrainingStopped && !failed) await save();
    throw error;
  }

  const lowest = Math.min(...state.validation.map(({ loss }) => loss));
  return {
    adapter: { ...adapter, tensors: toAdapterTensors(state.best ?? state.parameters) },
    metrics: {
      steps: state.step,
      plannedSteps,
      tokens: state.tokens,
      labelledTokens: state.labelledTokens,
      seconds: elapsed(),
      tokensPerSecond: stepSeconds > 0 ? stepTokens / stepSeconds : 0,
      plan,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      losses: state.losses,
      validation: state.validation,
      bestStep: state.validation.findLast(({ loss }) => loss === lowest)?.step ?? state.step,
      stoppedBy: state.step >= plannedSteps ? 'epochs' : state.step >= totalSteps ? 'time' : 'patience',
      hyperparameters: settings,
    },
  };

  async function prepareObjectives(): Promise<{ train: Objective; validation: Objective | undefined }> {
    if (data.method === 'sft') {
      return {
        train: supervisedObjective(data.train),
        validation: data.validation.length > 0 ? supervisedObjective(data.validation) : undefined,
      };
    }
    if (!state.reference) {
      state.reference = new Map();
      for (const part of ['train', 'validation'] as const) {
        const { chosen, rejected } = await measureReference(data[part]);
        state.reference.set(`${part}.chosen`, chosen).set(`${part}.rejected`, rejected);
      }
      await save();
    }
    const known = (part: 'train' | 'validation') => ({
      chosen: state.reference!.get(`${part}.chosen`)!,
      rejected: state.reference!.get(`${part}.rejected`)!,
    });
    return {
      train: preferenceObjective(data.train, known('train'), settings.beta),
      validation:
        data.validation.length > 0
          ? preferenceObjective(data.validation, known('validation'), settings.beta)
          : undefined,
    };
  }

  /** The log-probabilities of the replies before training. The matrices must still be the initial ones. */
  async function measureReference(replies: readonly PreferredTokens[]): Promise<ReferenceLogProbabilities> {
    const result = { chosen: new Float32Array(replies.length), rejected: new Float32Array(replies.length) };
    if (replies.length === 0) return result;
    await measureLoss(decoder, preferenceObjective(replies, result, settings.beta), matrices, {
      tokensPerPass,
      stopRequested,
      onItems: (done) =>
        progress({ stage: 'measuring reference', done, total: replies.length, unit: 'pairs' }),
      onPass: (items, logProbabilities) => {
        const sums = sumReplies(
          items.map((item) => replies[item]!),
          logProbabilities,
        );
        for (const side of ['chosen', 'rejected'] as const) {
          items.forEach((item, index) => {
            result[side][item] = sums[side][index]!;
          });
        }
      },
    });
    return result;
  }

  async function evaluate(): Promise<void> {
    if (!validation) return;
    const from = performance.now();
    const total = validation.lengths.length;
    const measured = await measureLoss(decoder, validation, matrices, {
      tokensPerPass,
      stopRequested,
      onItems: (done) => progress({ stage: 'measuring validation loss', done, total, unit: data.unit }),
    });
    evaluationSeconds = (performance.now() - from) / 1000;
    const { loss, accuracy } = measured;
    if (state.validation.every((earlier) => loss <= earlier.loss)) state.best = copyArrays(state.parameters);
    state.validation.push({ step: state.step, ...measured });
    const left = secondsLeft();
    progress({
      stage: 'training',
      done: state.step,
      total: totalSteps,
      unit: 'steps',
      detail: `validation loss ${loss.toFixed(4)}`,
      validationLoss: loss,
      ...(accuracy !== undefined && { validationAccuracy: accuracy }),
      ...(left !== undefined && { secondsLeft: left }),
    });
  }

  /** The mean loss of the step's items. Its `gradients` are computed in as many passes as memory requires. */
  async function computeGradients(chosen: readonly number[]): Promise<number> {
    const weight = chosen.reduce((total, item) => total + train.weights[item]!, 0);
    for (const values of gradients.values()) values.fill(0);
    let sum = 0;
    for (const items of cutIntoPasses(chosen, train.lengths, tokensPerPass)) {
      await yieldOrStop(stopRequested);
      await decoder.train(batchOf(train, items), matrices, {
        loss(logProbabilities) {
          const { loss, gradient } = train.measure(items, logProbabilities);
          sum += loss;
          return gradient.map((value) => value / weight);
        },
        gradients,
        ...(settings.dropout > 0 && {
          dropoutRows: dropoutKeysOf(train, items, { seed: settings.seed, step: state.step }),
        }),
      });
    }
    return sum / weight;
  }

  /** Updates the adapter and returns the learning rate of the step. */
  function update(norm: number): number {
    const step = state.step + 1;
    const warmupSteps = Math.round(settings.warmupFraction * totalSteps);
    const rate = settings.learningRate * learningRateFactor(step, warmupSteps, totalSteps, settings.schedule);
    const clip = settings.maxGradientNorm > 0 ? Math.min(1, settings.maxGradientNorm / (norm + 1e-6)) : 1;
    for (const [name, values] of state.parameters) {
      adamWUpdate(values, gradients.get(name)!, state.moments.get(name)!, step, rate, settings, clip);
    }
    state.step = step;
    return rate;
  }

  /**
   * Finds the items of the step that have no finite loss or gradient. Where only some have none, the state before them
   * is good and is saved.
   */
  async function explainDivergence(chosen: readonly number[]): Promise<TrainingDivergedError> {
    const step = state.step + 1;
    const culprits: number[] = [];
    for (const item of chosen) {
      const loss = await computeGradients([item]);
      if (!Number.isFinite(loss) || !Number.isFinite(globalNorm(gradients.values()))) culprits.push(item);
    }
    const all = culprits.length === chosen.length;
    if (!all) await save();
    const saves = !all || lastSaved > Number.NEGATIVE_INFINITY;
    return divergenceError({
      step,
      chosen,
      culprits,
      noun: data.method === 'dpo' ? 'preference pair' : 'training example',
      learningRate: settings.learningRate,
      checkpoint: directory && (saves || saved) ? checkpointPath(directory) : undefined,
      // A checkpoint that a stopped process left may be the state that failed here.
      resumedHere: !saves && saved !== undefined,
    });
  }

  /** Where a limit leaves time for few steps, measuring takes at most a tenth of it, too. */
  function affordableEvaluations(): number {
    if (settings.maxMinutes === undefined || !evaluationSeconds) return evaluations;
    const affordable = Math.floor((0.1 * settings.maxMinutes * 60) / evaluationSeconds);
    return Math.min(evaluations, Math.max(1, affordable));
  }

  function fitStepsToTime(): void {
    if (settings.maxMinutes === undefined) return;
    const { step } = state;
    const evaluationsLeft = validation ? Math.ceil((totalSteps - step) / evaluateEvery()) : 0;
    const left = settings.maxMinutes * 60 - elapsed() - evaluationsLeft * (evaluationSeconds ?? 0);
    const affordable = Math.max(0, Math.floor(left / (stepSeconds / (step - stepsBefore))));
    totalSteps = Math.min(plannedSteps, step + affordable);
  }

  function secondsLeft(): number | undefined {
    const { step } = state;
    const steps = pace.secondsFor(stepPlan.cost(step, Math.max(step, totalSteps)));
    if (steps === undefined || !validation) return steps;
    const every = evaluateEvery();
    const evaluations = Math.ceil(totalSteps / every) - Math.floor(step / every);
    // Where this process has timed no evaluation yet: reading a token costs a third of training on it.
    const each =
      evaluationSeconds ?? pace.secondsFor(validation.lengths.reduce((sum, length) => sum + length, 0) / 3)!;
    return steps + Math.max(0, evaluations) * each;
  }
}

function copyArrays(parameters: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  return new Map([...parameters].map(([name, values]) => [name, values.slice()]));
}
