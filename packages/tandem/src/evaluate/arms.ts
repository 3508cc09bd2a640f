import { type AnsweringParts, createAnswerer } from '../answer/answerer.ts';
import { findAdapter } from '../answer/find-adapter.ts';
import { promptVariants } from '../answer/prompt.ts';
import type { StepInsertion } from '../answer/step.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { hashJson } from '../core/hash.ts';
import { listed } from '../core/listed.ts';
import type { AddedArm, PromptVariant } from '../core/settings.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { type ArmName, armNames } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import { glossaryEntries } from '../dataset/build-dataset.ts';
import { findHead, type KeptHead, latestHead, misfitOf } from '../decide/find-head.ts';
import { titleOfModel } from '../models/model-kinds.ts';
import type { Parts } from '../parts/parts.ts';
import {
  type ArmParts,
  describeAddedArm,
  type GivenArm,
  makeGivenArm,
  nameOfChat,
  partsOfAddedArm,
} from './added-arms.ts';
import type { ArmUnderTest } from './arm.ts';
import { type ChosenPrompt, hasPrompts } from './choose-prompts.ts';
import { fingerprintShared } from './fingerprint-shared.ts';
import { expectsOnly } from './metrics/expects-only.ts';
import { makeDecliningArm, makeExtractArm, makeGlossaryArm } from './reference-arms.ts';

/** Which arms are compared. */
export interface ChosenArms {
  names: ArmName[];
  /** Of `compare.arms`, by name; those that answer with an adapter, with it. */
  added: Record<string, AddedArm & { trained?: Adapter }>;
  /** A program's own. */
  given: readonly GivenArm[];
  /** Of tuned and hybrid; absent where neither is among them. */
  adapter?: Adapter;
  /** Of the arm head, likewise. */
  head?: KeptHead;
  /** Arms of `compare.arms` that nobody asked for by name and that cannot answer, each with why. */
  leftOut: { name: string; why: string }[];
}

/** What the arms with a language model are, for the report's reader. */
const descriptions: Record<Exclude<ArmName, 'head'>, { label: string; description: string }> = {
  base: { label: 'base', description: 'The model as it is, with instructions and no documents.' },
  rag: {
    label: 'rag',
    description: 'The model as it is, with instructions and the passages found for the question.',
  },
  tuned: {
    label: 'tuned',
    description: 'The fine-tuned model with one line of instruction and no documents.',
  },
  hybrid: {
    label: 'hybrid',
    description: 'The fine-tuned model: it writes the search query, then answers from the passages found.',
  },
};

/**
 * The arms that are named or given, else all that can answer: tuned, hybrid and head only where something was trained, and all of `compare.arms`.
 * @throws InvalidInputError for a name that no arm has, and where one of them needs an adapter or a head and there is none that fits
 */
export async function chooseArms(
  { arms, adapterId }: { arms?: readonly (string | GivenArm)[] | undefined; adapterId?: string | undefined },
  parts: ArmParts,
): Promise<ChosenArms> {
  const { arms: own = {} } = parts.settings.compare;
  const wanted = arms && [...new Set(arms)];
  const named = wanted?.filter((arm) => typeof arm === 'string');
  const unknown = named?.find((name) => !isArmName(name) && !Object.hasOwn(own, name));
  if (unknown !== undefined)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'arms',
      message: `There is no arm called ${JSON.stringify(unknown)}.`,
      hint: `Use some of ${listed([...armNames, ...Object.keys(own)])}; compare.arms adds others.`,
    });
  const names = named ? named.filter(isArmName) : await namesOfReadyArms(parts);
  const added: ChosenArms['added'] = {};
  const leftOut: ChosenArms['leftOut'] = [];
  for (const [name, arm] of Object.entries(own)) {
    if (named && !named.includes(name)) continue;
    try {
      const of = arm.adapter ?? adapterId;
      const trained = isTrained(arm.like)
        ? (await findAdapter(await partsOfAddedArm(name, arm, parts), of)).adapter
        : undefined;
      added[name] = { ...arm, ...(trained && { trained }) };
    } catch (error) {
      if (!InvalidInputError.isInstance(error)) throw error;
      if (named) throw ofArm(name, error);
      leftOut.push({ name, why: error.message });
    }
  }
  return {
    names,
    added,
    leftOut,
    given: wanted?.filter((arm) => typeof arm !== 'string') ?? [],
    ...(names.some(isTrained) && { adapter: (await findAdapter(parts, adapterId)).adapter }),
    ...(names.includes('head') && { head: await findHead(parts) }),
  };
}

/** The same mistake, said of the arm whose it is. */
function ofArm(name: string, { message, hint, where }: InvalidInputError): InvalidInputError {
  return new InvalidInputError({
    domain: 'evaluate',
    where: `compare.arms.${name}${where === undefined ? '' : `: ${where}`}`,
    message: `The arm ${name} cannot answer: ${message}`,
    ...(hint !== undefined && { hint }),
  });
}

/** All adapters that answer in a comparison, each once. */
export function adaptersOf({ adapter, added }: Pick<ChosenArms, 'adapter' | 'added'>): Adapter[] {
  const all = [adapter, ...Object.values(added).map(({ trained }) => trained)].filter(
    (each) => each !== undefined,
  );
  return [...new Map(all.map((each) => [each.id, each])).values()];
}

/** What the arms that are compared are made of. */
export interface ArmRecipe extends Omit<ChosenArms, 'leftOut'> {
  /** Hash of what all arms share. */
  shared: string;
  /** For base and rag. Without one, the first of the settings'. */
  prompts: readonly ChosenPrompt[];
  /** What is asked: a head is chosen among the arms only where no case expects more than it answers. */
  cases: readonly Case[];
  /** Whether yardsticks are compared too. */
  references: boolean;
}

/** An arm's answers with something changed on the way. */
export interface ArmChange {
  /** In the fingerprint: answers under two changes are two. */
  id: string;
  /** So many times as many passages. */
  passages?: number;
  steps?: readonly StepInsertion[];
}

/** The recipe's arms that answer from passages, changed. */
export async function makeChangedArms(
  change: ArmChange,
  recipe: ArmRecipe,
  parts: ArmParts,
): Promise<ArmUnderTest[]> {
  const { names, added } = recipe;
  return makeModelArms(
    {
      ...recipe,
      names: names.filter(searches),
      added: Object.fromEntries(Object.entries(added).filter(([, { like }]) => searches(like))),
    },
    parts,
    change,
  );
}

/** Makes the arms ready to be asked: those of the recipe, then the yardsticks. */
export async function makeArms(recipe: ArmRecipe, parts: ArmParts): Promise<ArmUnderTest[]> {
  const { given, shared, references } = recipe;
  const arms = [
    ...(await makeModelArms(recipe, parts)),
    ...given.map((arm) => makeGivenArm(arm, parts.settings.answer)),
  ];
  return references
    ? [...arms, ...(await makeReferences(arms, variantOf('rag', recipe), shared, parts))]
    : arms;
}

/** Tandem's own and those that settings add. */
function makeModelArms(recipe: ArmRecipe, parts: ArmParts, change?: ArmChange): Promise<ArmUnderTest[]> {
  return Promise.all([
    ...recipe.names.map((name) => makeArm(name, variantOf(name, recipe), recipe, parts, change)),
    ...Object.entries(recipe.added).map(([name, arm]) =>
      makeAddedArm(name, arm, { ...recipe, prompt: variantOf(arm.like, recipe) }, parts, change),
    ),
  ]);
}

function variantOf(name: ArmName, { prompts }: Pick<ArmRecipe, 'prompts'>): PromptVariant | undefined {
  return prompts.find(({ arm }) => arm === name)?.variant;
}

/** The cheap alternatives: an extract where there is an index, the glossary's beside rag, and in every table one that always declines. */
async function makeReferences(
  arms: readonly ArmUnderTest[],
  variant: PromptVariant | undefined,
  shared: string,
  parts: AnsweringParts & Pick<Parts, 'material'>,
): Promise<ArmUnderTest[]> {
  const rag = arms.find(({ name }) => name === 'rag');
  const glossary = rag ? await glossaryEntries(parts) : [];
  const isIndexed = ((await parts.catalog.index.get())?.committedSeq ?? 0) > 0;
  return [
    ...(rag && glossary.length > 0 ? [await makeGlossaryArm(parts, rag, glossary, variant)] : []),
    ...(isIndexed ? [await makeExtractArm(parts, shared)] : []),
    makeDecliningArm(parts.settings),
  ];
}

/** An arm of the team's own: it answers as the one that it is like, over other parts. */
async function makeAddedArm(
  name: string,
  added: ChosenArms['added'][string],
  { prompt, adapter: _ofOthers, ...recipe }: ArmRecipe & { prompt: PromptVariant | undefined },
  parts: ArmParts,
  change?: ArmChange,
): Promise<ArmUnderTest> {
  const { like, chat, trained } = added;
  const own = await partsOfAddedArm(name, added, parts);
  const arm = await makeArm(
    like,
    added.prompt === undefined ? prompt : undefined,
    {
      ...recipe,
      // What stands in for the index (a study's copy) is in the recipe's hash alone.
      shared: hashJson([recipe.shared, await fingerprintShared(own)]),
      ...(trained && { adapter: trained }),
    },
    own,
    change,
  );
  return {
    ...arm,
    name,
    label: name,
    description: describeAddedArm(added),
    ...(chat !== undefined && { model: titleOfModel(nameOfChat(chat)) }),
    fingerprint: hashJson({ added: name, as: arm.fingerprint }),
  };
}

/** The arms whose prompts are used: an added one has those of the arm that it is like. */
export function promptedArms({ names, added }: Pick<ChosenArms, 'names' | 'added'>): ArmName[] {
  const likes = Object.values(added)
    .filter(({ prompt }) => prompt === undefined)
    .map(({ like }) => like);
  return [...new Set([...names, ...likes])];
}

/** The models that arms have of their own, by arm; `chat` undefined where a program's own arm does not say which it asks. */
export function modelsOfOthers({
  added,
  given,
}: Pick<ChosenArms, 'added' | 'given'>): Record<string, { chat?: string; reranker?: string }> {
  return Object.fromEntries([
    ...Object.entries(added).flatMap(([name, { chat, retrieve }]) =>
      chat === undefined && retrieve?.reranker === undefined
        ? []
        : [
            [
              name,
              {
                ...(chat !== undefined && { chat: nameOfChat(chat) }),
                ...(retrieve?.reranker !== undefined && { reranker: retrieve.reranker }),
              },
            ],
          ],
    ),
    ...given.map(({ name, model }) => [name, { ...(model !== undefined && { chat: model }) }]),
  ]);
}

/** Whether the arm answers with an adapter. */
export function isTrained(name: ArmName): boolean {
  return name === 'tuned' || name === 'hybrid';
}

/** Whether the arm answers from passages. */
export function searches(name: ArmName): boolean {
  return name === 'rag' || name === 'hybrid';
}

const isArmName = (name: string): name is ArmName => (armNames as readonly string[]).includes(name);

async function namesOfReadyArms(parts: AnsweringParts): Promise<ArmName[]> {
  const hasAdapter = (await parts.catalog.adapters.list()).length > 0;
  const head = await latestHead(parts);
  const hasHead = head !== undefined && (await misfitOf(head, parts)) === undefined;
  return armNames.filter((name) => (name === 'head' ? hasHead : hasAdapter || !isTrained(name)));
}

async function makeArm(
  name: ArmName,
  variant: PromptVariant | undefined,
  { shared, adapter, head, cases }: ArmRecipe,
  parts: AnsweringParts,
  change?: ArmChange,
): Promise<ArmUnderTest> {
  if (name === 'head') return makeHeadArm(head!, cases, parts);
  const prompt = hasPrompts(name) ? (variant ?? promptVariants(name, parts.settings.answer)[0]!) : undefined;
  const answerer = await createAnswerer(parts, {
    arm: name,
    ...(adapter && { adapterId: adapter.id }),
    ...(change?.steps && { steps: change.steps }),
  });
  const k = change?.passages && change.passages * parts.settings.retrieve.k;
  return {
    name,
    ...descriptions[name],
    reference: false,
    retrieves: searches(name),
    trained: isTrained(name),
    fingerprint: hashJson({
      common: shared,
      name,
      prompt,
      adapter: isTrained(name) ? adapter?.id : undefined,
      // Answers kept from before do not count what the search query took.
      ...(name === 'hybrid' && { usage: 'with the rewrite' }),
      // Nor were markers that the model wrote held against their passages.
      ...(searches(name) && parts.settings.answer.markers === 'matched' && { markers: 'checked' }),
      ...(change && { change: change.id }),
    }),
    answer: ({ question }, signal) =>
      answerer.answer(question, {
        signal,
        ...(prompt && { variant: prompt }),
        ...(k !== undefined && { k }),
      }),
  };
}

/**
 * A head answers with a few fields. Where the cases expect more, it stands in the table as a yardstick for these fields; where they
 * expect nothing else, it is an arm like the others, and may be the verdict's choice.
 */
async function makeHeadArm(
  head: KeptHead,
  cases: readonly Case[],
  parts: AnsweringParts,
): Promise<ArmUnderTest> {
  const answerer = await createAnswerer(parts, { arm: 'head' });
  const answersOnly = head.fields.map(({ path }) => path);
  return {
    name: 'head',
    label: 'head',
    description: `A linear layer on the embedder, with no language model and no documents: it answers with ${listed(answersOnly)} alone.`,
    reference: !cases.every((testCase) => expectsOnly(testCase, answersOnly)),
    retrieves: false,
    trained: false,
    answersOnly,
    fingerprint: hashJson({ head: head.id, output: parts.settings.answer.output }),
    answer: ({ question }, signal) => answerer.answer(question, { signal }),
  };
}
