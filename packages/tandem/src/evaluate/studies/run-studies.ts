import type { LanguageModelV4 } from '@ai-sdk/provider';
import { findAdapter } from '../../answer/find-adapter.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { Case } from '../../core/types/example.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import type { ArmUnderTest } from '../arm.ts';
import { type ArmRecipe, adaptersOf, type ChosenArms, searches } from '../arms.ts';
import { expectsAbstention } from '../metrics/settings.ts';
import type { ResultStore } from '../result-store.ts';
import { sampleCases } from '../sample-cases.ts';
import type { MeasuredCases } from '../steps/step-data.ts';
import { askAgainWith } from './ask-again.ts';
import { studyForgetting } from './forgetting.ts';
import { type FreshnessParts, studyFreshness } from './freshness.ts';
import { studyRobustness } from './robustness.ts';
import { type Studies, type StudyName, studyNames } from './study.ts';

/** Which studies, on at most so many cases. */
export interface StudyChoice {
  names: readonly StudyName[];
  count: number;
}

/** What the comparison has made so far. */
export interface Compared {
  recipe: ArmRecipe;
  /** Its arms, yardsticks among them. */
  arms: readonly ArmUnderTest[];
  measured: Pick<MeasuredCases, 'cases' | 'passages'>;
  chat: LanguageModelV4;
}

/** Makes the studies one after the other, each on the same drawn cases. One that cannot be made says why, and stops no other. */
export async function runStudies(
  { names, count }: StudyChoice,
  { recipe, arms, measured, chat }: Compared,
  parts: FreshnessParts,
  {
    store,
    seed,
    signal,
    onProgress,
  }: {
    store: ResultStore;
    seed: number;
    signal: AbortSignal;
    onProgress?: ProgressListener | undefined;
  },
): Promise<Studies> {
  const studies: Studies = { notMade: [] };
  const cannot = (study: StudyName, why: string) => studies.notMade.push({ study, why });
  const drawnIds = new Set(
    drawCases(
      measured.cases.map((record) => record.case),
      count,
      seed,
    ).map(({ id }) => id),
  );
  const drawn = measured.cases.filter((record) => drawnIds.has(record.case.id));
  const ask = askAgainWith({ arms, settings: parts.settings.answer, store, signal, onProgress });
  const options = { ask, seed, signal, onProgress };
  const studied = { arms: arms.filter(({ reference }) => !reference), recipe };

  const make: Record<StudyName, () => Promise<string | undefined>> = {
    async freshness() {
      if (drawn.length === 0) return noCases;
      const made = await studyFreshness(drawn, studied, parts, { ...options, passages: measured.passages });
      if (typeof made === 'string') return made;
      studies.freshness = made;
      return undefined;
    },
    async forgetting() {
      const [adapter] = adaptersOf({ ...recipe, added: ofThisModel(recipe.added) });
      const tools = localToolsOf(chat);
      if (!adapter) return 'no arm with an adapter of the project’s model is compared';
      const { file } = await findAdapter(parts, adapter.id);
      if (!tools || file === undefined)
        return 'it needs a model on this machine: a hosted one does not say how likely it finds an answer';
      studies.forgetting = await studyForgetting({ id: adapter.id, path: file }, tools, {
        signal,
        ...(onProgress && { onProgress }),
      });
      return undefined;
    },
    async robustness() {
      if (drawn.length === 0) return noCases;
      studies.robustness = await studyRobustness(drawn, studied, { ...parts, chat }, options);
      return undefined;
    },
  };
  for (const name of studyNames.filter((each) => names.includes(each))) {
    try {
      const why = await make[name]();
      if (why !== undefined) cannot(name, why);
    } catch (error) {
      // An hour's answers are not to be lost because a source cannot be reached now.
      if (signal.aborted || !TandemError.isInstance(error)) throw error;
      cannot(name, error.message.replace(/\.$/, ''));
    }
  }
  return studies;
}

const noCases = 'no case has an answer in the sources';

/** Those that answer with the project's own model. */
function ofThisModel(added: ArmRecipe['added']): ArmRecipe['added'] {
  return Object.fromEntries(Object.entries(added).filter(([, { chat }]) => chat === undefined));
}

/** About how many answers the studies ask for; general tasks count as what a choice among short answers takes. */
export function countStudyAnswers(
  { names, count }: StudyChoice,
  cases: readonly Case[],
  chosen: Pick<ChosenArms, 'names' | 'added' | 'given'>,
): number {
  const drawn = Math.min(count, cases.filter((testCase) => !expectsAbstention(testCase)).length);
  const likes = [...chosen.names, ...Object.values(chosen.added).map(({ like }) => like)];
  const arms = likes.length + chosen.given.length;
  const searching = likes.filter(searches).length;
  return (
    (names.includes('freshness') ? drawn * arms : 0) +
    (names.includes('forgetting') ? 60 : 0) +
    (names.includes('robustness') ? drawn * (1 + 3 * arms + 3 * searching) : 0)
  );
}

/** Of the cases that have an answer. */
function drawCases(cases: readonly Case[], count: number, seed: number): Case[] {
  const answerable = cases.filter((testCase) => !expectsAbstention(testCase));
  return sampleCases(answerable, { count, seed, of: 'all' });
}
