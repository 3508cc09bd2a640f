import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { textOfMessage } from '../../core/chat-message.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { ProviderError } from '../../core/errors/provider-error.ts';
import { hashJson } from '../../core/hash.ts';
import type { Settings } from '../../core/settings.ts';
import type { Example } from '../../core/types/example.ts';
import type { ConversationJob, HostedModel, Trainer } from '../trainer.ts';
import {
  type ApiOptions,
  type Connection,
  type FineTuningApi,
  type FineTuningEvent,
  type FineTuningJob,
  fineTuningApi,
} from './fine-tuning-api.ts';
import { trainingPrice } from './prices.ts';

/**
 * Trains through a fine-tuning API of OpenAI's form: uploads the examples, starts a job, follows it to its end. What was uploaded and
 * started is written down before it is waited for, so that after a crash the next process follows the same job. On abort the job runs on
 * at the provider, and `cancel` ends it.
 */
export function hostedTrainer(
  connection: Connection,
  settings: Settings['tune']['hosted'],
  options: ApiOptions = {},
): Trainer<ConversationJob, HostedModel> {
  return {
    name: 'hosted',
    async estimate(job) {
      const { epochs, guessed } = plannedEpochs(settings.epochs, job.train.length);
      const tokens = job.train.reduce((sum, { messages }) => sum + roughTokens(messages), 0) * epochs;
      const price = trainingPrice(connection.baseURL, job.baseModel, settings.pricePerMillionTokens);
      // OpenAI's own choice, as its documentation has it: a five-hundredth of the examples.
      const batchSize = settings.batchSize ?? Math.min(256, Math.ceil(job.train.length / 500));
      return {
        steps: Math.ceil(job.train.length / batchSize) * epochs,
        tokens,
        memoryBytes: 0,
        money: price && (tokens / 1e6) * price.perMillionTokens,
        basis: [
          'tokens counted as a fourth of the characters',
          guessed
            ? `${epochs} epochs, which the provider chooses and this is a guess at`
            : `${epochs} epochs`,
          price
            ? `$${price.perMillionTokens} for a million tokens, ${price.source}`
            : `no price is known for ${job.baseModel} at ${connection.name}: set tune.hosted.pricePerMillionTokens`,
        ].join('; '),
      };
    },

    async train(job, { onProgress, onEvent, signal }) {
      const api = fineTuningApi(connection, {
        ...options,
        onRetry: (why, milliseconds) => {
          onEvent?.('retry', { why, milliseconds });
          options.onRetry?.(why, milliseconds);
        },
      });
      const state = await openState(job.checkpointDirectory, connection, settings, job);
      const started = await startedJob(api, state, { connection, settings, job, onProgress, signal });
      onEvent?.('job', { job: started.id, provider: connection.name, model: job.baseModel });
      const { finished, measured } = await followJob(api, started, state, {
        connection,
        pollMilliseconds: settings.pollSeconds * 1000,
        onProgress,
        onEvent,
        signal,
      });
      if (!settings.keepFiles) await removeFiles(api, state, onEvent);
      if (finished.status === 'succeeded' && finished.fine_tuned_model)
        // It stays written down until the caller has kept the result: it was paid for.
        return outcome(finished, finished.fine_tuned_model, measured);
      // Nothing is left to continue: the next training under this name starts another job.
      await state.forget();
      throw unsuccessful(finished, connection);
    },

    async cancel({ checkpointDirectory }) {
      const known = await readState(checkpointDirectory);
      if (!known) return false;
      const api = fineTuningApi(connection, options);
      const job = known.jobId
        ? { id: known.jobId }
        : known.trainingFile && (await api.findJob(known.trainingFile));
      if (job) {
        try {
          await api.cancelJob(job.id);
        } catch (error) {
          // Over before it could be cancelled, or forgotten by the provider: both are what was wanted.
          const over =
            ProviderError.isInstance(error) &&
            (error.status === 404 || terminal.has((await api.getJob(job.id)).status));
          if (!over) throw error;
        }
      }
      await removeFiles(api, known, undefined);
      await rm(stateFile(checkpointDirectory), { force: true });
      return true;
    },
  };
}

/** The settings that decide what comes of a job: not how often it is asked after, what it costs, and whether files stay. */
export function decisiveSettings({
  pollSeconds: _poll,
  keepFiles: _keep,
  pricePerMillionTokens: _price,
  ...decisive
}: Settings['tune']['hosted']) {
  return decisive;
}

/** One line of OpenAI's chat format, as it was given: only our own metadata stays here. */
export function openAIChatLine({ metadata: _, ...line }: Example): string {
  return JSON.stringify(line);
}

const terminal = new Set(['succeeded', 'failed', 'cancelled']);

/** Already at the provider, or now. */
async function startedJob(
  api: FineTuningApi,
  state: State,
  context: {
    connection: Connection;
    settings: Settings['tune']['hosted'];
    job: ConversationJob;
    onProgress: TrainOptions['onProgress'];
    signal: AbortSignal | undefined;
  },
): Promise<FineTuningJob> {
  const { settings, job, signal } = context;
  if (state.jobId !== undefined) return knownJob(api, state.jobId, context);
  if (state.trainingFile !== undefined) {
    // This process may have died between the job's start and writing its id down.
    const found = await api.findJob(state.trainingFile, signal);
    if (found) {
      await state.save({ jobId: found.id });
      return found;
    }
  }
  const parts = job.validation.length > 0 ? 2 : 1;
  const uploading = (done: number) =>
    context.onProgress?.({ stage: 'uploading examples', done, total: parts, unit: 'files' });
  uploading(0);
  if (state.trainingFile === undefined) {
    await state.save({ trainingFile: await upload(api, job, 'train', signal) });
  }
  uploading(1);
  if (state.validationFile === undefined && job.validation.length > 0) {
    await state.save({ validationFile: await upload(api, job, 'validation', signal) });
    uploading(2);
  }
  const chosen = {
    ...(settings.epochs !== undefined && { n_epochs: settings.epochs }),
    ...(settings.batchSize !== undefined && { batch_size: settings.batchSize }),
    ...(settings.learningRateMultiplier !== undefined && {
      learning_rate_multiplier: settings.learningRateMultiplier,
    }),
  };
  const created = await api.createJob(
    {
      model: job.baseModel,
      training_file: state.trainingFile,
      ...(state.validationFile !== undefined && { validation_file: state.validationFile }),
      ...(settings.suffix !== undefined && { suffix: settings.suffix }),
      seed: job.hyperparameters.seed,
      method: {
        type: 'supervised',
        ...(Object.keys(chosen).length > 0 && { supervised: { hyperparameters: chosen } }),
      },
      ...settings.request,
    },
    signal,
  );
  await state.save({ jobId: created.id });
  return created;
}

async function knownJob(
  api: FineTuningApi,
  id: string,
  { connection, signal }: { connection: Connection; signal: AbortSignal | undefined },
): Promise<FineTuningJob> {
  try {
    return await api.getJob(id, signal);
  } catch (error) {
    if (!ProviderError.isInstance(error) || error.status !== 404) throw error;
    throw new ProviderError({
      provider: connection.name,
      status: 404,
      domain: 'tune',
      message: `The fine-tuning job ${id}, which was under way at ${connection.name}, is no longer there.`,
      hint: 'Set fresh to start another.',
      cause: error,
    });
  }
}

async function upload(
  api: FineTuningApi,
  job: ConversationJob,
  part: 'train' | 'validation',
  signal: AbortSignal | undefined,
): Promise<string> {
  const path = join(job.checkpointDirectory, `${part}.openai.jsonl`);
  await writeDurably(path, job[part].map((example) => `${openAIChatLine(example)}\n`).join(''));
  const id = await api.uploadFile(path, signal);
  await rm(path, { force: true });
  return id;
}

type TrainOptions = Parameters<Trainer<ConversationJob, HostedModel>['train']>[1];

interface Measured {
  step: number;
  loss?: number;
  validationLoss?: number;
}

/** Asks at growing intervals until the job is over; what happened at the provider becomes events here, each once. */
async function followJob(
  api: FineTuningApi,
  started: FineTuningJob,
  state: State,
  context: {
    connection: Connection;
    pollMilliseconds: number;
    onProgress: TrainOptions['onProgress'];
    onEvent: TrainOptions['onEvent'];
    signal: AbortSignal | undefined;
  },
): Promise<{ finished: FineTuningJob; measured: Measured[] }> {
  const { connection, pollMilliseconds, onProgress, onEvent, signal } = context;
  const measured: Measured[] = [];
  const seen = new Set<string>();
  let since: string | undefined;
  let caughtUp = false;
  let status = '';
  let quiet = 0;
  for (let job = started; ; ) {
    const over = terminal.has(job.status);
    if (job.status !== status) {
      status = job.status;
      quiet = 0;
      onEvent?.('status', { status });
      onProgress?.({ ...progressOf(status, measured), detail: `${job.id} at ${connection.name}` });
    }
    const events = (await api.eventsSince(job.id, since, signal)).filter(({ id }) => !seen.has(id));
    // What an earlier process told already is only counted.
    const untold = caughtUp ? 0 : events.findIndex(({ id }) => id === state.lastEvent) + 1;
    for (const [index, event] of events.entries()) {
      seen.add(event.id);
      const step = measurement(event);
      if (step) measured.push(step);
      if (index >= untold) tell(event, step, onEvent);
    }
    if (events.length > 0) {
      quiet = 0;
      caughtUp = true;
      since = events.at(-1)!.id;
      if (since !== state.lastEvent) await state.save({ lastEvent: since });
    }
    if (measured.length > 0 && events.length > 0)
      onProgress?.({
        ...progressOf(status, measured, totalSteps(events)),
        ...(measured.at(-1)!.loss !== undefined && { detail: `loss ${measured.at(-1)!.loss!.toFixed(3)}` }),
      });
    if (over) return { finished: job, measured };
    const wait = Math.min(pollMilliseconds * 1.5 ** quiet, Math.max(pollMilliseconds, 60_000));
    quiet += 1;
    await sleep(wait, undefined, { signal }).catch(() => signal?.throwIfAborted());
    job = await api.getJob(job.id, signal);
  }
}

function progressOf(status: string, measured: readonly Measured[], total?: number) {
  const stages: Record<string, string> = {
    validating_files: 'the provider checks the files',
    queued: "waiting in the provider's queue",
    running: 'training at the provider',
  };
  return {
    stage: stages[status] ?? status,
    done: measured.at(-1)?.step ?? 0,
    ...(total !== undefined && { total }),
    unit: 'steps',
  };
}

/** The same event as the local trainer's where it is a step; else the provider's words. */
function tell(event: FineTuningEvent, step: Measured | undefined, onEvent: TrainOptions['onEvent']): void {
  if (step) {
    const { loss, validationLoss } = step;
    onEvent?.('step', {
      step: step.step,
      ...(loss !== undefined && { loss }),
      ...(validationLoss !== undefined && { validationLoss }),
    });
  } else if (event.message) {
    onEvent?.(event.level === 'warn' || event.level === 'warning' ? 'warning' : 'message', {
      message: event.message,
    });
  }
}

const metricsSchema = z.object({
  step: z.number(),
  total_steps: z.number().nullish(),
  train_loss: z.number().nullish(),
  valid_loss: z.number().nullish(),
  full_valid_loss: z.number().nullish(),
});

function measurement(event: FineTuningEvent): Measured | undefined {
  const metrics = metricsSchema.safeParse(event.data).data;
  if (!metrics) return undefined;
  // A batch's validation loss is noise beside that over the whole file.
  const validationLoss = metrics.full_valid_loss ?? metrics.valid_loss;
  return {
    step: metrics.step,
    ...(typeof metrics.train_loss === 'number' && { loss: metrics.train_loss }),
    ...(typeof validationLoss === 'number' && { validationLoss }),
  };
}

function totalSteps(events: readonly FineTuningEvent[]): number | undefined {
  for (const event of events.toReversed()) {
    const total = metricsSchema.safeParse(event.data).data?.total_steps;
    if (typeof total === 'number') return total;
  }
  return undefined;
}

function outcome(job: FineTuningJob, model: string, measured: readonly Measured[]): HostedModel {
  const losses = measured.flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
  const last = losses.slice(-Math.max(1, Math.ceil(losses.length / 10)));
  const validation = measured.flatMap(({ validationLoss }) =>
    validationLoss === undefined ? [] : [validationLoss],
  );
  const seconds = job.finished_at && job.created_at ? job.finished_at - job.created_at : 0;
  const tokens = job.trained_tokens ?? 0;
  return {
    model,
    jobId: job.id,
    steps: measured.at(-1)?.step ?? 0,
    tokens,
    ...(last.length > 0 && { trainLoss: last.reduce((sum, loss) => sum + loss, 0) / last.length }),
    // The API measures none before the first step, and gives the last model, not the best.
    ...(validation.length > 0 && { validationLossAfter: validation.at(-1)! }),
    seconds,
    tokensPerSecond: seconds > 0 ? tokens / seconds : 0,
    peakMemoryBytes: 0,
  };
}

function unsuccessful(job: FineTuningJob, { name }: Connection): Error {
  if (job.status === 'cancelled') {
    return new ProviderError({
      provider: name,
      domain: 'tune',
      message: `The fine-tuning job ${job.id} was cancelled at ${name}.`,
      hint: 'Train again to start another.',
    });
  }
  const why = job.error?.message?.replace(/\.$/, '');
  return new ProviderError({
    provider: name,
    domain: 'tune',
    message:
      job.status === 'succeeded'
        ? `The fine-tuning job ${job.id} at ${name} succeeded, but names no model.`
        : `The fine-tuning job ${job.id} failed at ${name}${why ? `: ${why}` : ''}.`,
    hint: 'Fix what it names (in the dataset, or under tune.hosted) and train again.',
  });
}

/** The uploaded examples are the user's data: they do not stay where they are no longer needed. */
async function removeFiles(
  api: FineTuningApi,
  { trainingFile, validationFile }: Partial<StoredState>,
  onEvent: TrainOptions['onEvent'],
): Promise<void> {
  for (const id of [trainingFile, validationFile]) {
    if (id === undefined) continue;
    try {
      await api.deleteFile(id);
    } catch (error) {
      if (!ProviderError.isInstance(error)) throw error;
      // The training is done; that a file stayed is told and no reason to lose it.
      if (error.status !== 404)
        onEvent?.('warning', { message: `The uploaded file ${id} stayed at the provider: ${error.message}` });
    }
  }
}

const stateSchema = z.object({
  /** Of everything that makes the job what it is. */
  fingerprint: z.string(),
  provider: z.string(),
  model: z.string(),
  trainingFile: z.string().optional(),
  validationFile: z.string().optional(),
  jobId: z.string().optional(),
  lastEvent: z.string().optional(),
});
type StoredState = z.infer<typeof stateSchema>;

interface State extends Partial<StoredState> {
  save(change: Partial<StoredState>): Promise<void>;
  forget(): Promise<void>;
}

/** What the folder says is under way at a provider. */
export const jobUnderWay = (
  checkpointDirectory: string,
): Promise<Pick<StoredState, 'provider' | 'model' | 'jobId' | 'trainingFile'> | undefined> =>
  readState(checkpointDirectory);

const stateFile = (directory: string) => join(directory, 'hosted-job.json');

async function readState(directory: string): Promise<StoredState | undefined> {
  const path = stateFile(directory);
  if (!existsSync(path)) return undefined;
  const parsed = stateSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new InvalidInputError({
    domain: 'tune',
    where: path,
    message: `${path} should say which fine-tuning job is under way, and cannot be read.`,
    hint: 'Look for the job at the provider, then delete that file.',
  });
}

async function openState(
  directory: string,
  connection: Connection,
  settings: Settings['tune']['hosted'],
  job: ConversationJob,
): Promise<State> {
  const fingerprint = hashJson({
    baseURL: connection.baseURL,
    model: job.baseModel,
    settings: decisiveSettings(settings),
    seed: job.hyperparameters.seed,
    train: job.train.map(openAIChatLine),
    validation: job.validation.map(openAIChatLine),
  });
  const known = await readState(directory);
  if (known && known.fingerprint !== fingerprint) {
    throw new InvalidInputError({
      domain: 'tune',
      where: stateFile(directory),
      message: `${directory} is that of another fine-tuning job${known.jobId ? ` (${known.jobId} at ${known.provider})` : ''}.`,
      hint: 'Continue that one under its own settings, cancel it, or set fresh to start another.',
    });
  }
  await mkdir(directory, { recursive: true });
  const stored: StoredState = known ?? { fingerprint, provider: connection.name, model: job.baseModel };
  const state: State = {
    ...stored,
    async save(change) {
      Object.assign(state, change);
      Object.assign(stored, change);
      await writeDurably(stateFile(directory), `${JSON.stringify(stored, null, 2)}\n`);
    },
    async forget() {
      await rm(stateFile(directory), { force: true });
    },
  };
  return state;
}

/** Whole or not at all, and on the disk when this returns. */
async function writeDurably(path: string, content: string): Promise<void> {
  const partial = `${path}.partial`;
  await using file = await open(partial, 'w');
  await file.writeFile(content);
  await file.sync();
  await file.close();
  await rename(partial, path);
}

/** About four characters of English make a token; the provider's own tokenizer is not here. */
const roughTokens = (messages: Example['messages']) =>
  messages.reduce((sum, message) => sum + Math.ceil(textOfMessage(message).length / 4) + 4, 3);

/** Where the provider chooses, OpenAI's cookbook says about how: three, more for few examples, at least a hundred seen in all. */
function plannedEpochs(configured: number | undefined, examples: number) {
  if (configured !== undefined) return { epochs: configured, guessed: false };
  const epochs = examples * 3 < 100 ? Math.min(25, Math.ceil(100 / Math.max(1, examples))) : 3;
  return { epochs, guessed: true };
}
