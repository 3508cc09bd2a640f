import { mkdir, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { TrainingDivergedError } from '@tandem/nn';
import { memorySizeSchema } from '../core/config.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { hashJson } from '../core/hash.ts';
import { newId } from '../core/id.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { Example } from '../core/types/example.ts';
import { type LocalChatTools, localToolsOf } from '../models/local-tools.ts';
import { originalOf } from '../models/registry.ts';
import { localLogits } from '../tune/local-trainer.ts';
import { checkParity, type Parity, parityBounds } from '../tune/parity.ts';
import { settle } from '../tune/settle.ts';
import { writeAdapter } from '../tune/trained-adapter.ts';
import {
  hyperparametersOf,
  type TokenisedExample,
  type TrainedAdapter,
  type Trainer,
  type TrainingJob,
} from '../tune/trainer.ts';
import { trainerFor } from '../tune/trainer-for.ts';
import { countParameters, trainingSpeed } from '../tune/training-speed.ts';
import { parityIn, writeAdapterCard } from './adapter-card.ts';
import { checkAdapter } from './check-adapter.ts';
import { commit } from './compare.ts';
import { type BuildOptions, dataset } from './dataset.ts';
import { divergedError, stateBefore } from './diverged.ts';
import { feedbackFile } from './feedback.ts';
import { chosenSide, preferenceData } from './preference-data.ts';
import type { Project } from './project.ts';
import { checkpointDirectoryOf, findDivergedRun, findFinishedRun, recordTraining } from './training-run.ts';
import { tuneHosted } from './tune-hosted.ts';

export interface TuneOptions extends Omit<BuildOptions, 'seed'> {
  maxMinutes?: number;
  /** What training here should stay within, such as `1.5GB`. */
  memory?: string;
  /**
   * A JSONL file of preference pairs (OpenAI's form), or the word `feedback` for those that ratings of answers make: trains on
   * them, by direct preference optimisation, instead of examples.
   */
  preferences?: string;
  /** Id of the adapter to train on further, of the same base and template. Default: a new one. */
  from?: string;
  /** Drop an interrupted run instead of going on with it, which is what happens by default. */
  fresh?: boolean;
  /** Told before the first step. */
  onEstimate?: (estimate: TuneEstimate) => void;
  estimateOnly?: boolean;
}

export interface TuneEstimate {
  examples: number;
  /** Tokens of all epochs. */
  tokens: number;
  steps: number;
  /** Undefined where only a provider could know. */
  minutes: number | undefined;
  memoryBytes: number;
  /** US dollars; undefined where no price is known. */
  money: number | undefined;
  basis: string;
}

/** What a training came to. */
export interface TunedAdapter {
  adapter: Adapter;
  /** Absent where the weights are not here. */
  parity?: Parity;
  /** The same data, settings and base had been trained before, and that adapter is what is given. */
  reused: boolean;
}

/**
 * Trains a LoRA adapter on the project's dataset, or on preference pairs: here, on the very weights that are served; with the Python worker;
 * or at a provider, by `tune.trainer`. The same data, settings and base are trained once: then the adapter that there is, is given.
 *
 * @throws TrainingDivergedError of `@tandem/nn`, InvalidInputError, LockedError while another process writes, InterruptedError
 */
export async function tune(
  project: Project,
  options?: TuneOptions & { estimateOnly?: false },
): Promise<TunedAdapter>;
export async function tune(
  project: Project,
  options?: TuneOptions,
): Promise<TunedAdapter | { estimate: TuneEstimate }>;
export async function tune(
  project: Project,
  options: TuneOptions = {},
): Promise<TunedAdapter | { estimate: TuneEstimate }> {
  const { catalog, config, dataDirectory } = project;
  const { signal, onProgress } = options;
  if (config.tune.trainer !== 'local' && (options.preferences ?? options.from) !== undefined) {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'tune.trainer',
      message: `The ${config.tune.trainer} trainer learns from examples alone: no preferences, and no adapter to go on from.`,
      hint: 'Set tune.trainer to local.',
    });
  }
  if (config.tune.trainer !== 'local' && (options.memory ?? config.tune.memory) !== undefined) {
    throw new InvalidInputError({
      domain: 'tune',
      where: options.memory === undefined ? 'tune.memory' : '--memory',
      message: `The ${config.tune.trainer} trainer cannot be held to an amount of memory: only training on this machine can.`,
      hint: `Leave ${options.memory === undefined ? 'tune.memory' : '--memory'} out${config.tune.trainer === 'worker' ? ' and set tune.worker.microBatchSize or tune.worker.quantise' : ''}, or set tune.trainer to local.`,
    });
  }
  if (config.tune.trainer !== 'local' && config.tune.frozenPrecision !== 'float32') {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'tune.frozenPrecision',
      message: `The ${config.tune.trainer} trainer has no frozenPrecision ${config.tune.frozenPrecision}: only training here with the local one has.`,
      hint: `Leave tune.frozenPrecision out${config.tune.trainer === 'worker' ? ' and set tune.worker.precision or tune.worker.quantise' : ''}, or set tune.trainer to local.`,
    });
  }
  if (config.tune.trainer === 'hosted') return tuneHosted(project, options);
  const chat = await (await project.models()).chat();
  const tools = localToolsOf(chat);
  if (!tools) {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'models.chat',
      message: `${chat.provider}:${chat.modelId} is not a model on this machine, so it cannot be trained here.`,
      hint: 'Set models.chat to a local model; `tandem models list` says which can be trained here.',
    });
  }
  const { trainer: trainerName, worker } = config.tune;
  const settings = hyperparametersOf(config.tune);
  const trainer = trainerFor(config, project.directory);
  const { maxLength } = settings;
  const data =
    options.preferences === undefined
      ? await supervisedData(project, options, tools, maxLength)
      : await preferredData(
          project,
          options.preferences === 'feedback'
            ? await feedbackFile(project, settings.batchSize * settings.accumulate)
            : options.preferences,
          tools,
          maxLength,
        );
  const { train, validation, preferences } = data;
  const from = options.from === undefined ? undefined : await adapterToGoOn(project, options.from, chat);
  const { rank, alpha, targetModules } = (from?.lineage.hyperparameters ?? settings) as typeof settings;
  const hyperparameters = settle(
    {
      ...settings,
      ...(from && { rank, alpha, targetModules }),
      ...(options.maxMinutes !== undefined && { maxMinutes: options.maxMinutes }),
      ...(options.memory !== undefined && { memory: memorySize(options.memory) }),
    },
    train,
    validation,
    preferences ? 'dpo' : 'sft',
  );

  // The same data, settings and base are the same run: what is found unfinished under its name is gone on with.
  const fingerprint = hashJson({
    dataset: data.id,
    hyperparameters,
    base: tools.baseHash,
    template: tools.templateHash,
    ...(trainerName === 'worker' && { worker }),
    ...(preferences && { method: 'dpo' }),
    ...(from && { from: from.id }),
  });
  const checkpointDirectory = checkpointDirectoryOf(project, fingerprint);
  const { learningRate } = hyperparameters;
  const original = originalOf(chat.modelId);
  const job = {
    baseFile: tools.path,
    ...(original !== undefined && { baseModel: original }),
    lineage: { baseSha256: tools.baseHash, templateSha256: tools.templateHash },
    train,
    validation,
    ...(preferences && { preferences }),
    ...(from && { initialAdapter: join(dataDirectory, from.directory, 'peft') }),
    hyperparameters,
    checkpointDirectory,
  } satisfies TrainingJob;

  if (!options.fresh && !options.estimateOnly) {
    const finished = await findFinishedRun(catalog, fingerprint);
    if (finished) return { adapter: finished.adapter, parity: parityIn(finished.run), reused: true };
    const diverged = await findDivergedRun(catalog, fingerprint);
    if (diverged) {
      const kept = (await catalog.adapters.list()).find(({ lineage }) => lineage.runId === diverged.id);
      throw new InvalidInputError({
        domain: 'tune',
        where: diverged.id,
        message: `This very training diverged before, at step ${diverged.metrics.divergedAtStep} (${diverged.id}), and would again.`,
        hint: `Set tune.learningRate below ${learningRate}${kept ? ` and go on from the best state before it: tandem tune --from ${kept.id}` : ''}; --fresh trains it all the same.`,
      });
    }
  }
  const estimate = await estimateTraining(project, trainer, job);
  options.onEstimate?.(estimate);
  if (options.estimateOnly) return { estimate };

  await using _lock = await catalog.lockForWriting('training', signal && { signal });
  if (options.fresh) await rm(checkpointDirectory, { recursive: true, force: true });
  return await recordTraining(project, {
    fingerprint,
    checkpointDirectory,
    config: hyperparameters,
    inputs: { dataset: data.id, base: tools.baseHash, template: tools.templateHash },
    signal,
    async train({ run, onEvent }) {
      const staging = join(checkpointDirectory, 'adapter');
      await mkdir(staging, { recursive: true });
      let trained: TrainedAdapter;
      let divergence: TrainingDivergedError | undefined;
      try {
        trained = await trainer.train(job, {
          outputDirectory: staging,
          ...(signal && { signal }),
          ...(onProgress && { onProgress }),
          onEvent,
        });
      } catch (error) {
        if (!TrainingDivergedError.isInstance(error)) throw error;
        divergence = error;
        // What it had learnt before becomes an adapter like any other: checked, registered, and there to be gone on from.
        const rescued = trainerName === 'local' ? await rescue(error, job, staging) : undefined;
        if (!rescued) throw divergedError(error, { setting: 'tune.learningRate', learningRate });
        trained = rescued;
      }
      onProgress?.({ stage: 'checking the adapter in llama.cpp', done: 0, total: 1, unit: 'adapter' });
      const parity = await parityOf(tools, job, trained.files, signal);
      onProgress?.({ stage: 'checking the adapter in llama.cpp', done: 1, total: 1, unit: 'adapter' });
      const id = newId('adapter');
      const directory = join(dataDirectory, 'adapters', id);
      await mkdir(join(dataDirectory, 'adapters'), { recursive: true });
      await rename(staging, directory);
      const adapter: Adapter = {
        id,
        createdAt: new Date().toISOString(),
        directory: relative(dataDirectory, directory),
        lineage: {
          trainer: trainerName,
          baseHash: tools.baseHash,
          templateHash: tools.templateHash,
          datasetHash: data.id,
          baseModel: chat.modelId,
          baseParameters: await countParameters(tools.path),
          hyperparameters: Object.fromEntries(
            Object.entries({
              method: preferences ? 'dpo' : 'sft',
              ...hyperparameters,
              ...(!preferences && { beta: undefined }),
              ...(from && { from: from.id }),
              ...(divergence && { divergedAtStep: divergence.step }),
            }).filter(([, value]) => value !== undefined),
          ),
          runId: run.id,
          ...(commit(project.directory).commit && { commit: commit(project.directory).commit! }),
        },
        metrics: {
          examples: train.length,
          steps: trained.steps,
          tokens: trained.tokens,
          ...(trained.trainLoss !== undefined && { trainLoss: trained.trainLoss }),
          ...(trained.validationLossBefore !== undefined && {
            validationLossBefore: trained.validationLossBefore,
          }),
          ...(trained.validationLossAfter !== undefined && {
            validationLossAfter: trained.validationLossAfter,
          }),
          seconds: trained.seconds,
          tokensPerSecond: trained.tokensPerSecond,
          peakMemoryBytes: trained.peakMemoryBytes,
        },
      };
      await writeAdapterCard(directory, {
        project: config.name,
        adapter,
        parity,
        validationExamples: validation.length,
        baseFile: tools.path,
      });
      if (divergence) {
        await catalog.adapters.put(adapter);
        const { id, metrics } = adapter;
        throw divergedError(divergence, {
          setting: 'tune.learningRate',
          learningRate,
          adapter: { id, step: metrics.steps },
        });
      }
      return {
        adapter,
        metrics: {
          ...adapter.metrics,
          parityKl: parity.meanKl,
          paritySameTopToken: parity.sameTopToken,
          parityTokens: parity.tokens,
        },
        result: { adapter, parity, reused: false },
      };
    },
  });
}

/** The best state before a divergence, written as a training writes its result; undefined where nothing had been learnt. */
async function rescue(
  error: TrainingDivergedError,
  job: TrainingJob,
  outputDirectory: string,
): Promise<TrainedAdapter | undefined> {
  const before = await stateBefore(error);
  if (!before) return undefined;
  const { adapter, step, losses, tokens, seconds, validationLoss, validationLossBefore } = before;
  return {
    files: await writeAdapter(adapter, outputDirectory, job),
    steps: step,
    tokens,
    ...(losses.length > 0 && { trainLoss: losses.at(-1)! }),
    ...(validationLossBefore !== undefined && { validationLossBefore }),
    ...(validationLoss !== undefined && { validationLossAfter: validationLoss }),
    seconds,
    tokensPerSecond: seconds > 0 ? tokens / seconds : 0,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

async function supervisedData(
  project: Project,
  options: TuneOptions,
  tools: LocalChatTools,
  maxLength: number,
): Promise<TuningData> {
  const { id, files, ...data } = await dataset(project, options);
  return {
    id,
    train: tokenise(data.train, tools, maxLength, files.train),
    validation: tokenise(data.validation, tools, maxLength, files.validation ?? 'validation'),
  };
}

async function preferredData(
  project: Project,
  file: string,
  tools: LocalChatTools,
  maxLength: number,
): Promise<TuningData> {
  const { id, preferences } = await preferenceData(project, file, tools, maxLength);
  const { train, validation } = preferences;
  return { id, train: chosenSide(train), validation: chosenSide(validation), preferences };
}

type TuningData = { id: string } & Pick<TrainingJob, 'train' | 'validation' | 'preferences'>;

async function adapterToGoOn(
  { catalog }: Project,
  id: string,
  chat: Parameters<typeof checkAdapter>[1],
): Promise<Adapter> {
  const adapter = await catalog.adapters.get(id);
  if (!adapter) {
    throw new InvalidInputError({
      domain: 'tune',
      where: '--from',
      message: `There is no adapter ${id} to go on from.`,
      hint: 'Give the id that `tandem tune` printed.',
    });
  }
  await checkAdapter(adapter, chat);
  return adapter;
}

/** As served: the model's own template and tokenizer. An example that does not fit is refused, never cut. */
function tokenise(
  examples: readonly Example[],
  tools: LocalChatTools,
  maxLength: number,
  file: string,
): TokenisedExample[] {
  const limit = Math.min(maxLength, tools.contextLength);
  return examples.map(({ messages }, index) => {
    const { tokens, spans } = tools.encodeChat(messages);
    // In a conversation of several turns only the last reply is learnt; the others are its context.
    const last = spans.at(-1);
    if (!last || last.end <= last.start) {
      throw new InvalidInputError({
        domain: 'tune',
        where: `${file}:${index + 1}`,
        message: `${file}:${index + 1} has no assistant reply to learn.`,
        hint: 'End its messages with one of the assistant.',
      });
    }
    if (tokens.length > limit) {
      throw new InvalidInputError({
        domain: 'tune',
        where: `${file}:${index + 1}`,
        message: `${file}:${index + 1} has ${tokens.length} tokens, and at most ${limit} fit.`,
        hint: 'Shorten it, or raise tune.maxLength (memory grows with it).',
      });
    }
    return { tokens, labelSpans: [[last.start, last.end]] };
  });
}

function memorySize(given: string): string {
  if (memorySizeSchema.safeParse(given).success) return given;
  throw new InvalidInputError({
    domain: 'tune',
    where: '--memory',
    message: `"${given}" is not a size of memory.`,
    hint: 'Write it like 1.5GB or 800MB.',
  });
}

async function estimateTraining(
  { catalog, config }: Project,
  trainer: Trainer,
  job: TrainingJob & Required<Pick<TrainingJob, 'lineage'>>,
): Promise<TuneEstimate> {
  const { steps, tokens, memoryBytes, money, basis } = await trainer.estimate(job);
  const speed = trainingSpeed(await catalog.adapters.list(), {
    baseHash: job.lineage.baseSha256,
    parameters: await countParameters(job.baseFile),
    trainer: config.tune.trainer,
    frozenPrecision: job.hyperparameters.frozenPrecision,
    method: job.preferences ? 'dpo' : 'sft',
  });
  const needed = tokens / speed.tokensPerSecond / 60;
  const budget = job.hyperparameters.maxMinutes;
  return {
    examples: job.train.length,
    tokens,
    steps,
    minutes: budget === undefined ? needed : Math.min(needed, budget),
    memoryBytes,
    money,
    basis: `${speed.basis}${budget !== undefined && needed > budget ? `; stopped at ${budget} minutes, with the schedule fitted to it` : ''}${basis ? `; ${basis}` : ''}`,
  };
}

/** On a few examples: llama.cpp over the quantised base with the adapter against the trainer's graph over the same blocks. */
async function parityOf(
  tools: LocalChatTools,
  job: TrainingJob,
  files: { peft: string; gguf: string },
  signal: AbortSignal | undefined,
): Promise<Parity> {
  const pool = job.validation.length > 0 ? job.validation : job.train;
  const sequences = pool.slice(0, 16).map(({ tokens, labelSpans }) => {
    const [start, end] = labelSpans[0]!;
    // The logits after a position predict the next one: those before each label.
    return {
      tokens: tokens.slice(0, end),
      positions: Array.from({ length: end - start }, (_, i) => start - 1 + i),
    };
  });
  const reference = await localLogits(job.baseFile, files.peft);
  const parity = await checkParity(tools, {
    sequences,
    adapterFile: files.gguf,
    reference,
    ...(signal && { signal }),
  });
  if (parity.meanKl > parityBounds.meanKl || parity.sameTopToken < parityBounds.sameTopToken) {
    throw new InvalidInputError({
      domain: 'tune',
      where: files.gguf,
      message: `llama.cpp does not answer with this adapter as the trainer does: mean KL ${parity.meanKl.toFixed(4)}, same top token ${(parity.sameTopToken * 100).toFixed(1)} % of ${parity.tokens}.`,
      hint: 'The adapter is not registered. Train again; if it stays so, please report it with the model file used.',
    });
  }
  return parity;
}
