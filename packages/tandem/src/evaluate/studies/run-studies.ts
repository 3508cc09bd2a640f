import type { LanguageModelV4 } from '@ai-sdk/provider';
import { findAdapter } from '../../answer/find-adapter.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { ArmName } from '../../core/types/answer.ts';
import type { Case } from '../../core/types/example.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import type { ArmUnderTest } from '../arm.ts';
import { type ArmRecipe, searches } from '../arms.ts';
import { expectsAbstention } from '../metrics/settings.ts';
import type { ResultStore } from '../result-store.ts';
import { sampleCases } from '../sample-cases.ts';
import type { MeasuredCases } from '../steps/step-data.ts';
import { askAgainWith } from './ask-again.ts';
import { studyForgetting } from './forgetting.ts';
import { type FreshnessParts, studyFreshness } from './freshness.ts';
import { studyRobustness } from './robustness.ts';
import type { Studies, StudyName } from './study.ts';

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
  const cannot = (study: StudyName, why: string) => studies.notMade.push({ study, why });

  if (names.includes('freshness')) {
    if (drawn.length === 0) cannot('freshness', 'no case has an answer in the sources');
    else {
      const made = await studyFreshness(drawn, recipe, parts, { ...options, passages: measured.passages });
      if (typeof made === 'string') cannot('freshness', made);
      else studies.freshness = made;
    }
  }
  if (names.includes('forgetting')) {
    const tools = localToolsOf(chat);
    if (!recipe.adapter) cannot('forgetting', 'no arm with an adapter is compared');
    else if (!tools)
      cannot('forgetting', 'the model is hosted and does not say how likely it finds an answer');
    else {
      const { id } = recipe.adapter;
      const { file } = await findAdapter(parts, id);
      studies.forgetting = await studyForgetting({ id, path: file! }, tools, {
        signal,
        ...(onProgress && { onProgress }),
      });
    }
  }
  if (names.includes('robustness')) {
    if (drawn.length === 0) cannot('robustness', 'no case has an answer in the sources');
    else studies.robustness = await studyRobustness(drawn, recipe, { ...parts, chat }, options);
  }
  return studies;
}

/** About how many answers the studies ask for; general tasks count as what a choice among short answers takes. */
export function countStudyAnswers(
  { names, count }: StudyChoice,
  cases: readonly Case[],
  arms: readonly ArmName[],
): number {
  const drawn = Math.min(count, cases.filter((testCase) => !expectsAbstention(testCase)).length);
  const searching = arms.filter(searches).length;
  return (
    (names.includes('freshness') ? drawn * arms.length : 0) +
    (names.includes('forgetting') ? 60 : 0) +
    (names.includes('robustness') ? drawn * (1 + 3 * arms.length + 3 * searching) : 0)
  );
}

/** Of the cases that have an answer. */
function drawCases(cases: readonly Case[], count: number, seed: number): Case[] {
  const answerable = cases.filter((testCase) => !expectsAbstention(testCase));
  return sampleCases(answerable, { count, seed, of: 'all' });
}
