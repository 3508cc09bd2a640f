import type { Deployment } from '../catalog/catalog.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { type Answer, type ArmName, armNames } from '../core/types/answer.ts';
import { untilAborted } from '../core/until-aborted.ts';
import { findHead } from '../decide/find-head.ts';
import type { Parts } from '../parts/parts.ts';
import { verifierOf } from '../verify/verifier-of.ts';
import { confidenceKey, parseCalibration } from './confidence.ts';
import { type AnswerEvent, type AnswerStream, streamOf } from './events.ts';
import { findAdapter } from './find-adapter.ts';
import { runSteps } from './run-steps.ts';
import { type AnswerRequest, type AnswerStep, insertSteps, type StepInsertion } from './step.ts';
import { answerSteps, extractSteps, headSteps, stepNames } from './steps/answer-steps.ts';
import {
  generalModelHolds,
  parseSufficiency,
  type SufficiencyModel,
  sufficiencyFingerprint,
  sufficiencyKey,
} from './sufficiency/calibration.ts';

/** The parts that an answer is made with. */
export type AnsweringParts = Pick<
  Parts,
  | 'settings'
  | 'catalog'
  | 'models'
  | 'material'
  | 'directory'
  | 'dataDirectory'
  | 'retriever'
  | 'store'
  | 'whileOpen'
>;

/** Which way to answer. */
export interface AnswererOptions {
  /** Default: the deployed one, else the settings'. */
  arm?: ArmName;
  /** For tuned and hybrid. Default: the deployed one, else the latest. */
  adapterId?: string;
  /** No language model: what the best passage says in its own words. */
  extract?: boolean;
  /** Steps of your own, beside those of the settings. */
  steps?: readonly StepInsertion[];
}

/** Options for one question. */
export interface AnswerOptions extends Omit<AnswerRequest, 'question' | 'arm'> {
  /** Stops the answer. */
  signal?: AbortSignal | undefined;
}

/** Answers questions in one way; its parts are opened once. */
export interface Answerer {
  readonly arm: ArmName;
  /** The steps' names, in order. */
  readonly steps: readonly string[];
  /**
   * @throws ContextOverflowError when prompt and answer do not fit the model
   * @throws InvalidInputError for an empty question
   * @throws StepError where a step of your own fails or does not end
   */
  answer(question: string, options?: AnswerOptions): Promise<Answer>;
  /** The same answer, with events while it is made. */
  stream(question: string, options?: AnswerOptions): AnswerStream;
}

/**
 * Opens the parts that an arm answers with.
 * @throws InvalidInputError where the arm needs an adapter and there is none that fits.
 *
 * @example
 * const answerer = await createAnswerer(tandem, { arm: 'rag' });
 * for (const question of questions) console.log((await answerer.answer(question)).text);
 */
export async function createAnswerer(
  parts: AnsweringParts,
  options: AnswererOptions & { signal?: AbortSignal | undefined } = {},
): Promise<Answerer> {
  const { arm, steps, adapter } = await parts.whileOpen(
    (signal) => untilAborted(() => openSteps(parts, options), signal),
    options.signal,
  );
  const run = (
    question: string,
    { signal, ...rest }: AnswerOptions,
    onEvent?: (event: AnswerEvent) => void,
  ) =>
    parts.whileOpen((open) => {
      checkAccess(adapter, rest.access);
      return runSteps(steps, { ...rest, question, arm }, { signal: open, ...(onEvent && { onEvent }) });
    }, signal);
  return {
    arm,
    steps: steps.map(({ name }) => name),
    answer: (question, given = {}) => run(question, given),
    stream: (question, given = {}) => streamOf((emit) => run(question, given, emit)),
  };
}

async function openSteps(
  parts: AnsweringParts,
  options: AnswererOptions,
): Promise<{ arm: ArmName; steps: AnswerStep[]; adapter?: Adapter }> {
  const { settings, catalog } = parts;
  if (options.arm !== undefined && !armNames.includes(options.arm))
    throw new InvalidInputError({
      domain: 'answer',
      where: 'arm',
      message: `There is no arm called ${JSON.stringify(options.arm)}.`,
      hint: `Use one of ${armNames.join(', ')}.`,
    });
  const deployed = await deployment(parts);
  const arm = options.extract ? 'rag' : (options.arm ?? deployed.arm);
  const isTrained = arm === 'tuned' || arm === 'hybrid';
  const found = isTrained ? await findAdapter(parts, options.adapterId ?? deployed.adapterId) : undefined;
  const list = options.extract
    ? extractSteps({
        settings,
        catalog,
        retriever: await parts.retriever(),
        embedder: await parts.models.embedder(),
        store: await parts.store(),
        sufficiency: await sufficiencyOf(parts),
        directory: parts.directory,
      })
    : await stepsOf(parts, arm, found);
  const absent = stepNames.filter((name) => !list.some((step) => step.name === name));
  // Steps for every answer pass over the arms that have no such place: base does not retrieve, an extract has no prompt.
  const forAll = ((settings.answer.steps ?? []) as StepInsertion[]).filter(
    (insertion) =>
      !absent.some((name) => name === ('after' in insertion ? insertion.after : insertion.before)),
  );
  return {
    arm,
    steps: insertSteps(list, [...forAll, ...(options.steps ?? [])]),
    ...(found && { adapter: found.adapter }),
  };
}

/** What `calibrateSufficiency` found, where it holds for the index as it is searched now, and whether the general model holds. */
async function sufficiencyOf(parts: AnsweringParts): Promise<SufficiencyModel> {
  const calibration = parseSufficiency(
    await parts.catalog.calibrations.get(sufficiencyKey),
    await sufficiencyFingerprint(parts),
  );
  return { ...(calibration && { calibration }), isGeneral: await generalModelHolds(parts) };
}

/** What a model has learnt by heart it tells whoever asks: so those who may not read all of it do not ask it. Without `access` nobody is kept out. */
function checkAccess(adapter: Adapter | undefined, access: readonly string[] | undefined): void {
  const missing = access && adapter?.access?.find((label) => !access.includes(label));
  if (missing === undefined) return;
  throw new InvalidInputError({
    domain: 'answer',
    where: 'access',
    message: `The adapter ${adapter!.id} was trained on documents with the access label "${missing}", which this question is not asked with.`,
    hint: 'Ask with the arm rag, or with an adapter of documents that may be read.',
  });
}

/** What answers by default: the arm that was deployed, else the settings'. */
export async function deployment({
  catalog,
  settings,
}: Pick<Parts, 'catalog' | 'settings'>): Promise<Pick<Deployment, 'arm' | 'adapterId'>> {
  return (await catalog.deployments.current()) ?? { arm: settings.answer.arm };
}

async function stepsOf(
  parts: AnsweringParts,
  arm: ArmName,
  adapter: Awaited<ReturnType<typeof findAdapter>> | undefined,
): Promise<AnswerStep[]> {
  const { catalog, models, settings } = parts;
  if (arm === 'head')
    return headSteps({ settings, catalog, embedder: await models.embedder(), head: await findHead(parts) });
  // A model tuned at a provider is a chat model of its own, with its own name.
  const hosted = adapter?.adapter.hosted;
  const chat = hosted ? await models.chatNamed(`${hosted.provider}:${hosted.model}`) : await models.chat();
  const calibrate = parseCalibration(await catalog.calibrations.get(confidenceKey(arm, adapter?.adapter.id)));
  return answerSteps({
    arm,
    settings,
    chat,
    catalog,
    ...((arm === 'rag' || arm === 'hybrid') && {
      retriever: await parts.retriever(),
      embedder: await models.embedder(),
      verifier: await verifierOf(settings.answer, models),
      sufficiency: await sufficiencyOf(parts),
      directory: parts.directory,
      ...(settings.answer.onUnsupported === 'extract' && { store: await parts.store() }),
    }),
    adapter,
    calibrate,
  });
}
