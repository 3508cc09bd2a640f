import { isAbstention } from '../answer/abstention.ts';
import type { AnsweringParts } from '../answer/answerer.ts';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import { hashJson } from '../core/hash.ts';
import { listed } from '../core/listed.ts';
import type { AddedArm, Settings } from '../core/settings.ts';
import type { Answer } from '../core/types/answer.ts';
import { adoptLanguageModel, nameOfModel, titleOfModel } from '../models/model-kinds.ts';
import type { Models } from '../models/providers.ts';
import type { Parts } from '../parts/parts.ts';
import { retrieverFor } from '../parts/retriever-for.ts';
import type { ArmUnderTest } from './arm.ts';

/** What an arm's answers are made with. */
export type ArmParts = AnsweringParts & Pick<Parts, 'material' | 'directory'>;

/**
 * An arm that a program makes itself: an agent, another library, a service. It is asked the same questions, and its answers are held to the same
 * metrics.
 *
 * @example
 * const house: GivenArm = { name: 'house', description: 'What we have today.', answer: async (question) => `I have no answer to ${question}` };
 * const { result } = await compare(tandem, { arms: ['rag', house] });
 */
export interface GivenArm {
  /** Unique in the comparison. */
  name: string;
  /** One sentence for the table's reader. */
  description: string;
  /** What it is made of, where that can change: answers that are stored are asked for again when it is another. */
  version?: string | number;
  /** Whether it has passages that it can cite: metrics of citations and retrieval apply then. Default false. */
  retrieves?: boolean;
  /** Whether its answers say how many tokens they took (`usage`). Default false: then that is not measured, and what it costs is not known. */
  countsTokens?: boolean;
  /** Which model it asks, for the verdict and for `dataMustStay`; by its reference. */
  model?: string;
  /** The text, or as much of an answer as there is to tell. */
  answer(question: string, options: { signal: AbortSignal }): Promise<string | GivenAnswer>;
}

/** What a given arm says of one answer. */
export interface GivenAnswer
  extends Partial<Pick<Answer, 'output' | 'abstained' | 'outcome' | 'citations' | 'passages' | 'usage'>> {
  text: string;
}

/** The parts that the arm is asked with: the project's, but for what it changes. */
export async function partsOfAddedArm(
  name: string,
  { chat, prompt, temperature, retrieve, like }: AddedArm,
  parts: ArmParts,
): Promise<ArmParts> {
  const { reranker, ...changes } = retrieve ?? {};
  // A search by meaning or words alone has no use for what orders hybrid searches.
  const isHybrid = (changes.mode ?? parts.settings.retrieve.mode ?? 'hybrid') === 'hybrid';
  const { ranking: learnt, ...general } = parts.settings.retrieve;
  const settings: Settings = {
    ...parts.settings,
    retrieve: {
      ...general,
      ...(isHybrid && learnt !== undefined && { ranking: learnt }),
      ...withoutAbsent(changes),
    },
    answer: {
      ...parts.settings.answer,
      ...(temperature !== undefined && { temperature }),
      ...(prompt !== undefined && {
        prompts: { ...parts.settings.answer.prompts, [like]: [{ id: name, system: prompt, examples: [] }] },
      }),
    },
  };
  const models = modelsOf(name, { chat, reranker, isHybrid }, parts.models);
  const { catalog, material, directory, dataDirectory } = parts;
  return {
    settings,
    models,
    // Confidence was brought to scale on the answers of the project's own model and prompt.
    catalog:
      chat === undefined && prompt === undefined
        ? catalog
        : { ...catalog, calibrations: { ...catalog.calibrations, get: async () => undefined } },
    material,
    directory,
    dataDirectory,
    store: () => parts.store(),
    whileOpen: (work, signal) => parts.whileOpen(work, signal),
    retriever:
      retrieve === undefined
        ? () => parts.retriever()
        : async () =>
            retrieverFor(settings, { catalog, store: await parts.store(), models, material, directory }),
  };
}

function modelsOf(
  name: string,
  { chat, reranker, isHybrid }: { chat: AddedArm['chat']; reranker: string | undefined; isHybrid: boolean },
  models: Models,
): Models {
  const { reranker: itsReranker, ...names } = models.names;
  return {
    ...models,
    names: {
      ...names,
      ...(isHybrid && itsReranker !== undefined && { reranker: itsReranker }),
      ...(chat !== undefined && { chat: nameOfChat(chat) }),
      ...(reranker !== undefined && { reranker }),
    },
    ...(chat !== undefined && {
      chat: async () =>
        typeof chat === 'string'
          ? models.chatNamed(chat)
          : adoptLanguageModel(chat, `compare.arms.${name}.chat`),
      connection: (reference) =>
        reference !== undefined || typeof chat === 'string'
          ? models.connection(reference ?? (chat as string))
          : undefined,
    }),
    ...(!isHybrid && { reranker: async () => undefined }),
    ...(reranker !== undefined && { reranker: async () => models.rerankerNamed(reranker) }),
  };
}

/** What the arm's chat model is called, where it is another than the project's. */
export function nameOfChat(chat: NonNullable<AddedArm['chat']>): string {
  return nameOfModel(chat as string | { provider: string; modelId: string });
}

/** One sentence: how it differs from the arm that it is like. */
export function describeAddedArm({
  like,
  description,
  chat,
  adapter,
  prompt,
  temperature,
  retrieve,
}: AddedArm): string {
  if (description !== undefined) return description;
  const settings = Object.entries(withoutAbsent(retrieve ?? {})).map(([key, value]) => `${key} ${value}`);
  const changes = [
    ...(chat === undefined ? [] : [`the model ${titleOfModel(nameOfChat(chat))}`]),
    ...(adapter === undefined ? [] : [`the adapter ${adapter}`]),
    ...(prompt === undefined ? [] : ['a prompt of its own']),
    ...(temperature === undefined ? [] : [`temperature ${temperature}`]),
    ...(settings.length === 0 ? [] : [`other retrieval (${settings.join(', ')})`]),
  ];
  return changes.length === 0 ? `As ${like}.` : `As ${like}, with ${listed(changes)}.`;
}

/** A program's own arm, ready to be asked. */
export function makeGivenArm(
  arm: GivenArm,
  { notInSources }: Pick<Settings['answer'], 'notInSources'>,
): ArmUnderTest {
  const { name, description, version, retrieves = false, countsTokens = false, model } = arm;
  return {
    name,
    label: name,
    description,
    reference: false,
    retrieves,
    trained: false,
    ...(model !== undefined && { model }),
    ...(!countsTokens && { countsTokens }),
    fingerprint: hashJson({ given: name, version, model, notInSources }),
    async answer({ question }, signal) {
      const started = performance.now();
      const given = await ask(arm, question, signal);
      const answer = typeof given === 'string' ? { text: given } : given;
      if (typeof answer?.text !== 'string')
        throw new InvalidInputError({
          domain: 'evaluate',
          where: `arms: ${name}`,
          message: `The arm ${name} gave no text to ${JSON.stringify(question)}.`,
          hint: 'Let it give a string, or an object with `text`.',
        });
      const total = performance.now() - started;
      const abstained = answer.abstained ?? isAbstention(answer.text, notInSources);
      return {
        question,
        arm: 'base',
        raw: answer.text,
        abstained,
        outcome: abstained ? 'not in the sources' : 'answer',
        citations: [],
        danglingMarkers: [],
        passages: [],
        usage: { promptTokens: 0, completionTokens: 0 },
        ...answer,
        timings: { generate: total, total },
        traceId: `none (${name})`,
      };
    },
  };
}

/** @throws TandemError that names the arm and the question where it throws: its mistake is not one of the others */
async function ask(arm: GivenArm, question: string, signal: AbortSignal): Promise<string | GivenAnswer> {
  try {
    return await arm.answer(question, { signal });
  } catch (error) {
    if (signal.aborted || ContextOverflowError.isInstance(error)) throw error;
    throw new TandemError({
      code: 'arm_failed',
      domain: 'evaluate',
      category: 'user',
      message: `The arm ${arm.name} failed at ${JSON.stringify(question)}: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'The answers so far are kept: mend it and compare again, or leave it out.',
      cause: error,
    });
  }
}

function withoutAbsent<Value extends object>(
  values: Value,
): { [Key in keyof Value]: NonNullable<Value[Key]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Value]: NonNullable<Value[Key]>;
  };
}
