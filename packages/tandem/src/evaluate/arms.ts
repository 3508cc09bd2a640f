import { type AnsweringParts, createAnswerer } from '../answer/answerer.ts';
import { findAdapter } from '../answer/find-adapter.ts';
import { promptVariants } from '../answer/prompt.ts';
import { hashJson } from '../core/hash.ts';
import type { PromptVariant } from '../core/settings.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { type ArmName, armNames } from '../core/types/answer.ts';
import { glossaryEntries } from '../dataset/build-dataset.ts';
import type { Parts } from '../parts/parts.ts';
import type { ArmUnderTest } from './arm.ts';
import { type ChosenPrompt, hasPrompts } from './choose-prompts.ts';
import { makeDecliningArm, makeExtractArm, makeGlossaryArm } from './reference-arms.ts';

/** Which arms are compared. */
export interface ChosenArms {
  names: ArmName[];
  /** Of tuned and hybrid; absent where neither is among them. */
  adapter?: Adapter;
}

/** What base, rag, tuned and hybrid are, for the report's reader. */
const descriptions: Record<ArmName, { label: string; description: string }> = {
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
 * The arms that are named, else all that can answer: tuned and hybrid only where something was trained.
 * @throws InvalidInputError where one of them needs an adapter and there is none that fits
 */
export async function chooseArms(
  { arms, adapterId }: { arms?: readonly ArmName[] | undefined; adapterId?: string | undefined },
  parts: AnsweringParts,
): Promise<ChosenArms> {
  const names = arms ? [...new Set(arms)] : await namesOfReadyArms(parts);
  if (!names.some(isTrained)) return { names };
  const { adapter } = await findAdapter(parts, adapterId);
  return { names, adapter };
}

/** What the arms that are compared are made of. */
export interface ArmRecipe extends ChosenArms {
  /** Hash of what all arms share. */
  shared: string;
  /** For base and rag. Without one, the first of the settings'. */
  prompts: readonly ChosenPrompt[];
  /** Whether yardsticks are compared too. */
  references: boolean;
}

/** Makes the arms ready to be asked: those of the recipe, then the yardsticks. */
export async function makeArms(
  recipe: ArmRecipe,
  parts: AnsweringParts & Pick<Parts, 'material'>,
): Promise<ArmUnderTest[]> {
  const { names, shared, prompts, references } = recipe;
  const variantOf = (name: ArmName) => prompts.find(({ arm }) => arm === name)?.variant;
  const arms = await Promise.all(names.map((name) => makeArm(name, variantOf(name), recipe, parts)));
  return references ? [...arms, ...(await makeReferences(arms, variantOf('rag'), shared, parts))] : arms;
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

/** Whether the arm answers with an adapter. */
export function isTrained(name: ArmName): boolean {
  return name === 'tuned' || name === 'hybrid';
}

/** Whether the arm answers from passages. */
export function searches(name: ArmName): boolean {
  return name === 'rag' || name === 'hybrid';
}

async function namesOfReadyArms({ catalog }: Pick<Parts, 'catalog'>): Promise<ArmName[]> {
  const hasAdapter = (await catalog.adapters.list()).length > 0;
  return armNames.filter((name) => hasAdapter || !isTrained(name));
}

async function makeArm(
  name: ArmName,
  variant: PromptVariant | undefined,
  { shared, adapter }: ArmRecipe,
  parts: AnsweringParts,
): Promise<ArmUnderTest> {
  const prompt = hasPrompts(name) ? (variant ?? promptVariants(name, parts.settings.answer)[0]!) : undefined;
  const answerer = await createAnswerer(parts, {
    arm: name,
    ...(adapter && { adapterId: adapter.id }),
  });
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
    }),
    answer: ({ question }, signal) =>
      answerer.answer(question, { signal, ...(prompt && { variant: prompt }) }),
  };
}
