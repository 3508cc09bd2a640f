import { availableParallelism } from 'node:os';
import { gigabytes } from '../core/gigabytes.ts';
import type { FetchOptions } from './fetch/fetch-model.ts';
import { freeMemory } from './free-memory.ts';
import { defaultModels } from './providers.ts';
import { type Availability, availabilityOf } from './reachable-sources.ts';
import { answerSeconds } from './registry/model-speed.ts';
import { type KnownModel, knownModels } from './registry.ts';

/** What the choice is made by. */
export interface MachineFacts {
  /** Bytes that a program may still take. */
  freeMemory: number;
  cores: number;
  availability: (model: KnownModel) => Promise<Availability>;
}

/** A chat model for a new project, why it and not another, and the next larger one. */
export interface ChosenModel {
  model: KnownModel;
  /** One sentence or two: the model, why, and where it comes from. */
  reason: string;
  /** What the next larger model would need; absent where there is none. */
  next?: { model: KnownModel; reason: string };
}

/** Bytes that are left for the embedder, the index and Node beside the chat model. */
const besides = 0.6e9;
/** A model larger than the default is taken only if it answers within so many seconds … */
const patience = 5;
/** … and takes no more than this part of the free memory: training takes more than answering, and other programs run as well. */
const largestShare = 0.25;

/** The facts of this machine, as they are now. */
export function machineFacts(
  options: Pick<FetchOptions, 'cacheDirectory' | 'offline' | 'signal'> = {},
): MachineFacts {
  return {
    freeMemory: freeMemory(),
    cores: availableParallelism(),
    availability: (model) => availabilityOf(model, options),
  };
}

/**
 * The chat model that a new project begins with: of the models that were tried with Tandem the largest that fits in the free memory, can be
 * had, and answers without a long wait. The default model is taken however slow the machine is: a smaller one does not answer in
 * sentences. Where not even the smallest fits, it is that one, and the reason says so.
 */
export async function chooseChatModel(facts: MachineFacts): Promise<ChosenModel> {
  const { freeMemory: free, cores } = facts;
  const tried = chatModels.filter(({ speed }) => speed !== undefined);
  const suits = (model: KnownModel) =>
    model.parameters <= normal.parameters
      ? model.memory + besides <= free
      : model.memory <= free * largestShare && answerSeconds(model, cores) <= patience;
  const fitting = tried.filter(suits).reverse();
  const candidates = fitting.length > 0 ? fitting : tried.slice(0, 1);
  let chosen: { model: KnownModel; availability: Availability } | undefined;
  for (const model of candidates) {
    const availability = await facts.availability(model);
    chosen ??= { model, availability };
    if (availability.from === undefined) continue;
    chosen = { model, availability };
    break;
  }
  const { model, availability } = chosen!;
  const passedOver = candidates[0] === model ? undefined : candidates[0];
  const larger = (one: KnownModel) => one.memory > model.memory;
  const next = tried.find(larger) ?? chatModels.find(larger);
  return {
    model,
    reason: [
      `local:${model.name} (${model.title}, ${model.licence}): ${why(model, facts, fitting.length > 0)}${
        passedOver ? `; local:${passedOver.name}, which would fit, cannot be had from here` : ''
      }.`,
      whence(model, availability),
    ].join(' '),
    ...(next && { next: { model: next, reason: nextNeeds(next, facts) } }),
  };
}

/** Smallest first. */
const chatModels = knownModels.filter(({ kind }) => kind === 'chat');

const normal = chatModels.find(({ name }) => `local:${name}` === defaultModels.chat)!;

function why(model: KnownModel, { freeMemory: free, cores }: MachineFacts, fits: boolean): string {
  if (!fits)
    return `the smallest there is, though it takes ${aboutGigabytes(model.memory)} of memory and ${aboutGigabytes(free)} are free: close other programs first`;
  const time = `${aboutSeconds(model, cores)} on ${cores === 1 ? 'one core' : `${cores} cores`}`;
  if (model.parameters < normal.parameters)
    return `it takes ${aboutGigabytes(model.memory)} of the ${aboutGigabytes(free)} of memory that are free, answers in ${time}, and is too small to write whole sentences of its own reliably`;
  return `it takes ${aboutGigabytes(model.memory)} of the ${aboutGigabytes(free)} of memory that are free and answers in ${time}`;
}

function whence(model: KnownModel, availability: Availability): string {
  const size = aboutGigabytes(sizeOf(model));
  if (availability.from === undefined)
    return `It cannot be fetched now (${availability.why}): bring its file here.`;
  return {
    cache: 'It is on this machine already.',
    hub: `Its ${size} come from the Hugging Face Hub when it is first used.`,
    packages: `Its ${size} come from Python packages when it is first used: the Hugging Face Hub is not reached.`,
  }[availability.from];
}

function nextNeeds(model: KnownModel, { freeMemory: free, cores }: MachineFacts): string {
  const missing = model.memory + besides - free;
  const time = `answers in ${aboutSeconds(model, cores)} here${model.speed ? '' : ' (an estimate)'}`;
  return `Next larger: local:${model.name} is ${aboutGigabytes(sizeOf(model))} to fetch, takes ${aboutGigabytes(model.memory)} of memory${
    missing > 0 ? `, for which ${aboutGigabytes(missing)} more would have to be free,` : ''
  } and ${time}.`;
}

const sizeOf = ({ files }: KnownModel) => files.reduce((sum, { size }) => sum + size, 0);

const aboutSeconds = (model: KnownModel, cores: number) => {
  const seconds = Math.ceil(answerSeconds(model, cores));
  return seconds === 1 ? 'about a second' : `about ${seconds} s`;
};

/** Two figures are enough for a choice. */
const aboutGigabytes = (bytes: number) => gigabytes(bytes, bytes < 1e9 ? 2 : 1);
