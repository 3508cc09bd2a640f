import { createHash } from 'node:crypto';
import { architectureOf, checkFit, compareLineage } from '../adapters/adapter-fit.ts';
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import type { TrainingDivergedError } from '../errors/training-diverged-error.ts';
import { sha256OfFile } from '../formats/file-hash.ts';
import { hasIntegerProducts, openSession, type Session, type SessionOptions } from '../graph/index.ts';
import { adapterInputs, type LabelledTokens, type PreferredTokens } from '../models/decoder.ts';
import type { DecoderConfig } from '../models/decoder-config.ts';
import { decoderFiles, inInt8, loadDecoder, readDecoderConfig } from '../models/decoder-weights.ts';
import type { AdapterLineage, LoraAdapter } from '../models/lora-adapter.ts';
import { adamWUpdate, globalNorm } from './adamw.ts';
import { passes } from './batches.ts';
import { type CheckpointIdentity, loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { checkpointPath, prepareCheckpointFolder } from './checkpoint-file.ts';
import { divergence } from './divergence.ts';
import { readExamples } from './examples.ts';
import { type DataSize, type Hyperparameters, hyperparametersFor } from './hyperparameters.ts';
import { type MemoryPlan, type PlannedTraining, planMemory } from './memory-plan.ts';
import {
  dropoutFor,
  measure,
  type Objective,
  preferred,
  preferredGraphs,
  type ReferenceLogProbabilities,
  supervised,
  supervisedGraphs,
} from './objective.ts';
import { Pace, planSteps } from './pace.ts';
import { patienceIsOver } from './patience.ts';
import { readPreferences } from './preferences.ts';
import { learningRateFactor } from './schedule.ts';
import { breathe, TrainingStopped } from './stop.ts';
import type { PreferenceTrainingJob, TrainingHooks, TrainingJob, TrainingResult } from './training-job.ts';
import { createTrainingState, toAdapterTensors } from './training-state.ts';

/** The training itself, in the calling thread, which it occupies: programs call `trainLora` or `trainPreferences`. */
export async function runTraining(
  job: TrainingJob | PreferenceTrainingJob,
  hooks: TrainingHooks = {},
): Promise<TrainingResult> {
  const started = performance.now();
  const { stopRequested } = hooks;
  const progress = hooks.onProgress ?? (() => {});
  const config = typeof job.model === 'string' ? await readDecoderConfig(job.model) : job.model.config;
  const data = readData(job, config);
  const { settings, evaluations } = hyperparametersFor(job.hyperparameters ?? {}, data.size, data.method);

  const name = typeof job.model === 'string' ? job.model : 'the model';
  if (job.initialAdapter) checkFit(job.initialAdapter, config, name, job.lineage);
  const files = await hashesOf(job.model);
  const known: AdapterLineage = { architecture: architectureOf(config) };
  if (files?.length === 1) known.baseSha256 = files[0]!;
  for (const given of [job.lineage, job.initialAdapter?.lineage]) compareLineage(given ?? {}, known, name);
  const lineage = { ...job.initialAdapter?.lineage, ...job.lineage, ...known };
  const { rank, alpha, targetModules } = settings;
  const shape = { rank, alpha, targetModules, lineage };
  const identity: CheckpointIdentity = { fingerprint: fingerprintOf(job, files, data, settings), shape };
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

  const memory = planMemory(config, { ...settings, ...data.extent }, job.memoryBytes);
  const plan = { ...memory, tokensPerPass: job.tokensPerPass ?? memory.tokensPerPass };
  const { tokensPerPass } = plan;
  progress({ stage: 'loading model', done: 0, total: 1, unit: 'models' });
  const { trainer, evaluator } = await openGraphs(job, data, { ...settings, recompute: plan.recompute });
  await using _trainer = trainer;
  await using _evaluator = evaluator;
  progress({ stage: 'loading model', done: 1, total: 1, unit: 'models' });
  const weights = adapterInputs(adapter, config);
  const { train, validation } = await objectives();

  const stepSize = settings.batchSize * settings.accumulate;
  const order = planSteps({ lengths: train.lengths, stepSize, seed: settings.seed, tokensPerPass });
  const plannedSteps = Math.ceil(Math.ceil(train.lengths.length / stepSize) * settings.epochs);
  let totalSteps = plannedSteps;
  const evaluateEvery = () => job.evaluateEverySteps ?? Math.max(1, Math.ceil(totalSteps / evaluations));
  const finished = () => state.step >= totalSteps || patienceIsOver(state.validation, settings.patience);

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
      if (finished()) break;

      const chosen = order.examplesOf(state.step);
      const from = performance.now();
      const { loss, gradients } = await stepGradients(chosen);
      const norm = globalNorm(gradients.values());
      failed = !Number.isFinite(loss) || !Number.isFinite(norm);
      if (failed) throw await diverged(chosen);
      // Only here is it known that the state gives a loss and a gradient: what is on disk can be gone on from.
      if ((performance.now() - lastSaved) / 1000 >= (job.checkpointEverySeconds ?? 60)) {
        await save();
        lastSaved = performance.now();
      }
      const rate = update(gradients, norm);
      const tokens = chosen.reduce((total, item) => total + train.tokens[item]!, 0);
      state.losses.push(loss);
      state.tokens += tokens;
      state.labelledTokens += chosen.reduce((total, item) => total + train.labelledTokens[item]!, 0);
      const seconds = (performance.now() - from) / 1000;
      stepSeconds += seconds;
      stepTokens += tokens;
      pace.add(seconds, order.cost(state.step - 1, state.step));
      fitToBudget();
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
    // Not while a divergence is looked into: what is on disk is good, and this state is not.
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

  async function objectives(): Promise<{ train: Objective; validation: Objective | undefined }> {
    if (data.method === 'sft') {
      return {
        train: supervised(data.train),
        validation: data.validation.length > 0 ? supervised(data.validation) : undefined,
      };
    }
    if (!state.reference) {
      state.reference = new Map();
      for (const part of ['train', 'validation'] as const) {
        const { chosen, rejected } = await reference(data[part]);
        state.reference.set(`${part}.chosen`, chosen).set(`${part}.rejected`, rejected);
      }
      await save();
    }
    const known = (part: 'train' | 'validation') => ({
      chosen: state.reference!.get(`${part}.chosen`)!,
      rejected: state.reference!.get(`${part}.rejected`)!,
    });
    return {
      train: preferred(data.train, known('train')),
      validation: data.validation.length > 0 ? preferred(data.validation, known('validation')) : undefined,
    };
  }

  /** The log-probabilities before training: the state's matrices are still those it begins with. */
  async function reference(replies: readonly PreferredTokens[]): Promise<ReferenceLogProbabilities> {
    const result = { chosen: new Float32Array(replies.length), rejected: new Float32Array(replies.length) };
    if (replies.length === 0) return result;
    await measure(evaluator!, preferred(replies, result), weights, {
      tokensPerPass,
      stopRequested,
      onItems: (done) =>
        progress({ stage: 'measuring reference', done, total: replies.length, unit: 'pairs' }),
      onPass: (items, outputs) => {
        for (const side of ['chosen', 'rejected'] as const) {
          items.forEach((item, row) => {
            result[side][item] = (outputs[side]!.data as Float32Array)[row]!;
          });
        }
      },
    });
    return result;
  }

  async function evaluate(): Promise<void> {
    if (!evaluator || !validation) return;
    const from = performance.now();
    const total = validation.lengths.length;
    const measured = await measure(evaluator, validation, weights, {
      tokensPerPass,
      stopRequested,
      onItems: (done) => progress({ stage: 'measuring validation loss', done, total, unit: data.unit }),
    });
    evaluationSeconds = (performance.now() - from) / 1000;
    const { loss, accuracy } = measured;
    if (state.validation.every((earlier) => loss <= earlier.loss)) state.best = copyOf(state.parameters);
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

  /** Loss (mean) and gradients (of the mean) of the step's items, over as many passes as memory asks for. */
  async function stepGradients(chosen: readonly number[]) {
    const weight = chosen.reduce((total, item) => total + train.weights[item]!, 0);
    const seed = { data: Float32Array.of(1 / weight), shape: [] };
    const gradients = new Map<string, Float32Array>();
    let loss = 0;
    for (const items of passes(chosen, train.lengths, tokensPerPass)) {
      await breathe(stopRequested);
      const inputs = train.inputs(items);
      const keys =
        settings.dropout > 0
          ? dropoutFor(train, items, inputs, { seed: settings.seed, step: state.step })
          : {};
      const results = await trainer.run({ ...weights, ...inputs, ...keys, seed });
      loss += (results.loss!.data as Float32Array)[0]! / weight;
      for (const name of state.parameters.keys()) {
        const part = results[`${name}.gradient`]!.data as Float32Array;
        const sum = gradients.get(name);
        if (sum) for (let index = 0; index < sum.length; index++) sum[index]! += part[index]!;
        else gradients.set(name, part);
      }
    }
    return { loss, gradients };
  }

  /** Takes the step and returns its learning rate. */
  function update(gradients: ReadonlyMap<string, Float32Array>, norm: number): number {
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

  /** Which of the step's items have no loss or gradient. Where only some have none, the state before them is sound and saved. */
  async function diverged(chosen: readonly number[]): Promise<TrainingDivergedError> {
    const step = state.step + 1;
    const culprits: number[] = [];
    for (const item of chosen) {
      const { loss, gradients } = await stepGradients([item]);
      if (!Number.isFinite(loss) || !Number.isFinite(globalNorm(gradients.values()))) culprits.push(item);
    }
    const all = culprits.length === chosen.length;
    if (!all) await save();
    const saves = !all || lastSaved > Number.NEGATIVE_INFINITY;
    return divergence({
      step,
      chosen,
      culprits,
      noun: data.method === 'dpo' ? 'preference pair' : 'training example',
      learningRate: settings.learningRate,
      checkpoint: directory && (saves || saved) ? checkpointPath(directory) : undefined,
      // What a stopped sitting left may be the very state that has no next step.
      resumedHere: !saves && saved !== undefined,
    });
  }

  function fitToBudget(): void {
    if (settings.maxMinutes === undefined) return;
    const { step } = state;
    const evaluationsLeft = validation ? Math.ceil((totalSteps - step) / evaluateEvery()) : 0;
    const left = settings.maxMinutes * 60 - elapsed() - evaluationsLeft * (evaluationSeconds ?? 0);
    const affordable = Math.max(0, Math.floor(left / (stepSeconds / (step - stepsBefore))));
    totalSteps = Math.min(plannedSteps, step + affordable);
  }

  function secondsLeft(): number | undefined {
    const { step } = state;
    const steps = pace.secondsFor(order.cost(step, Math.max(step, totalSteps)));
    if (steps === undefined || !validation) return steps;
    const every = evaluateEvery();
    const evaluations = Math.ceil(totalSteps / every) - Math.floor(step / every);
    // Where none was timed in this sitting: a token that is only read costs a third of one trained on.
    const each =
      evaluationSeconds ?? pace.secondsFor(validation.lengths.reduce((sum, length) => sum + length, 0) / 3)!;
    return steps + Math.max(0, evaluations) * each;
  }
}

/**
 * Weights are fed from this thread's memory (no second copy), nodes kept as written (their order holds the memory
 * down). Threads sleep between operators: beside other work, spinning took 6 ms of CPU a token where sleeping takes
 * 4.2; on an idle machine there is no difference in time.
 */
export function trainingSession(threads = 2): SessionOptions {
  return { threads, weights: 'fed', optimize: 'none', spin: false };
}

type TrainingData = { size: DataSize; extent: Extent; unit: 'examples' | 'pairs' } & (
  | { method: 'sft'; train: LabelledTokens[]; validation: LabelledTokens[] }
  | { method: 'dpo'; train: PreferredTokens[]; validation: PreferredTokens[] }
);

function readData(job: TrainingJob | PreferenceTrainingJob, config: DecoderConfig): TrainingData {
  const missing = (what: string) =>
    new InvalidHyperparameterError({
      parameter: 'preferences' in job ? 'preferences' : 'examples',
      message: `There is no ${what}.`,
      hint: 'Build a dataset first.',
    });
  const none: ReferenceLogProbabilities = { chosen: new Float32Array(0), rejected: new Float32Array(0) };
  if ('preferences' in job) {
    const train = readPreferences(job.preferences, config, 'Preference pair');
    const validation = readPreferences(job.validation ?? [], config, 'Validation pair');
    if (train.length === 0) throw missing('preference pair');
    const sides = [preferred(train, none), preferred(validation, none)] as const;
    return {
      method: 'dpo',
      unit: 'pairs',
      train,
      validation,
      size: sizeOf(...sides),
      extent: extentOf(sides),
    };
  }
  const train = readExamples(job.examples, config, 'Training example');
  const validation = readExamples(job.validation ?? [], config, 'Validation example');
  if (train.length === 0) throw missing('training example');
  const sides = [supervised(train), supervised(validation)] as const;
  return {
    method: 'sft',
    unit: 'examples',
    train,
    validation,
    size: sizeOf(...sides),
    extent: extentOf(sides),
  };
}

function sizeOf(train: Objective, validation: Objective): DataSize {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    examples: train.lengths.length,
    labelledTokens: sum(train.labelledTokens),
    tokens: sum(train.tokens),
    validationExamples: validation.lengths.length,
    validationTokens: sum(validation.tokens),
  };
}

/** What memory depends on. */
type Extent = Pick<PlannedTraining, 'longest' | 'labelledShare'>;

function extentOf(sides: readonly Objective[]): Extent {
  const sum = (lists: readonly (readonly number[])[]) =>
    lists.flat().reduce((total, value) => total + value, 0);
  return {
    longest: sides
      .flatMap(({ lengths }) => lengths)
      .reduce((longest, length) => Math.max(longest, length), 0),
    labelledShare:
      sum(sides.map(({ labelledTokens }) => labelledTokens)) / sum(sides.map(({ tokens }) => tokens)),
  };
}

function copyOf(parameters: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  return new Map([...parameters].map(([name, values]) => [name, values.slice()]));
}

/** Of the model's files; undefined for one in memory. */
async function hashesOf(model: TrainingJob['model']): Promise<string[] | undefined> {
  if (typeof model !== 'string') return undefined;
  const hashes: string[] = [];
  for (const file of await decoderFiles(model)) hashes.push(await sha256OfFile(file));
  return hashes;
}

function fingerprintOf(
  { model, initialAdapter }: TrainingJob | PreferenceTrainingJob,
  files: readonly string[] | undefined,
  data: TrainingData,
  settings: Hyperparameters,
): string {
  const hash = createHash('sha256');
  for (const digest of files ?? []) hash.update(digest);
  if (typeof model !== 'string') hash.update(JSON.stringify(model.config));
  // More time is no other training: a run that was stopped by the clock may be given more.
  const { maxMinutes: _, ...rest } = settings;
  hash.update(JSON.stringify([data.method, data.train.length, ...Object.entries(rest).sort()]));
  for (const [path, { a, b }] of initialAdapter?.tensors ?? []) hash.update(path).update(a).update(b);
  const sequences =
    data.method === 'sft'
      ? [...data.train, ...data.validation]
      : [...data.train, ...data.validation].flatMap(({ chosen, rejected }) => [chosen, rejected]);
  for (const { tokens, labels } of sequences) {
    hash.update(JSON.stringify([Array.from(tokens), Array.from(labels)]));
  }
  return hash.digest('hex');
}

/** The model lives in the sessions only: its arrays are let go of when this returns, but for those that sessions are fed with. */
async function openGraphs(
  { model: given, threads }: TrainingJob | PreferenceTrainingJob,
  data: TrainingData,
  settings: Hyperparameters & Pick<MemoryPlan, 'recompute'>,
): Promise<{ trainer: Session; evaluator: Session | undefined }> {
  const layers = settings.frozenPrecision;
  if (layers === 'int8') await demandIntegerProducts(data.method);
  const loaded = typeof given === 'string' ? await loadDecoder(given, { layers }) : given;
  const model = layers === 'int8' ? inInt8(loaded) : loaded;
  const { rank, alpha, targetModules, dropout, recompute } = settings;
  const lora = { rank, alpha, targetModules, dropout, recompute };
  const graphs =
    data.method === 'dpo' ? preferredGraphs(model, lora, settings.beta) : supervisedGraphs(model, lora);
  const options = trainingSession(threads);
  const trainer = await openSession(graphs.training(), { ...options, weights: 'integers embedded' });
  if (data.method !== 'dpo' && data.size.validationExamples === 0) return { trainer, evaluator: undefined };
  try {
    return { trainer, evaluator: await openSession(graphs.loss(), options) };
  } catch (error) {
    await trainer[Symbol.asyncDispose]();
    throw error;
  }
}

/** @throws InvalidHyperparameterError where products in integers are not exact here, or the method needs float32. */
async function demandIntegerProducts(method: 'sft' | 'dpo'): Promise<void> {
  const refused = (reason: string) =>
    new InvalidHyperparameterError({
      parameter: 'frozenPrecision',
      message: `The hyperparameter frozenPrecision is "int8", and ${reason}.`,
      hint: 'Leave it out for float32.',
    });
  if (method === 'dpo') throw refused('preferences are compared with a reference in float32');
  if (!(await hasIntegerProducts())) throw refused('this CPU has no exact products of eight-bit integers');
}
