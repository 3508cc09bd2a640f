import { type AnsweringParts, createAnswerer } from '../answer/answerer.ts';
import { promptVariants } from '../answer/prompt.ts';
import { hashJson } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { PromptVariant, Settings } from '../core/settings.ts';
import type { ArmName } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import type { Provenance } from './comparison-result.ts';
import type { Metric } from './metrics/metric.ts';
import type { ResultStore } from './result-store.ts';
import { reuseAnswer } from './reuse-answer.ts';
import { joinedMean } from './unanswerable-weight.ts';

export interface ChosenPrompt {
  arm: 'base' | 'rag';
  variant: PromptVariant;
  /** All that were tried, with their validation scores, as the report lists them. */
  tried: NonNullable<Provenance['prompts']>[number]['variants'];
}

/** What prompts are chosen by. */
export interface PromptChoice {
  names: readonly ArmName[];
  validation: readonly Case[];
  metrics: readonly Metric[];
  /** Id of the metric that decides. */
  primary: string;
  store: ResultStore;
  /** Hash of what all arms share. */
  shared: string;
  signal: AbortSignal;
  onProgress?: ProgressListener | undefined;
}

/**
 * For base and rag, the prompt that does best on validation cases: by the primary metric, then by the mean of the graded text
 * metric, so that ties at zero are still told apart. Held-out cases have no part in it. The trained arms have one prompt,
 * the one they were trained with.
 */
export async function choosePrompts(choice: PromptChoice, parts: AnsweringParts): Promise<ChosenPrompt[]> {
  const { validation } = choice;
  const tasks = choice.names.filter(hasPrompts).map((arm) => ({
    arm,
    variants: promptVariants(arm, parts.settings.answer),
  }));
  const total = tasks.reduce((sum, { variants }) => sum + variants.length, 0) * validation.length;
  const chosen: ChosenPrompt[] = [];
  let done = 0;
  for (const { arm, variants } of tasks) {
    if (variants.length === 1 || validation.length === 0) {
      chosen.push({ arm, variant: variants[0]!, tried: [] });
      continue;
    }
    const report = (detail?: string) =>
      choice.onProgress?.({
        stage: 'choosing prompts on validation cases',
        done,
        total,
        unit: 'answers',
        ...(detail && { detail }),
      });
    const tried = await tryVariants({ arm, variants, choice, report, onAnswer: () => done++ }, parts);
    report();
    chosen.push(pickBest(arm, tried, choice));
  }
  return chosen;
}

/** How many answers the choice takes: none where there is nothing to choose between. */
export function countChoosingAnswers(
  names: readonly ArmName[],
  validation: readonly Case[],
  settings: Pick<Settings, 'answer'>,
): number {
  const variants = names
    .filter(hasPrompts)
    .reduce((sum, name) => sum + promptVariants(name, settings.answer).length, 0);
  return variants > 2 ? variants * validation.length : 0;
}

/** Whether the arm has prompts to choose from. */
export function hasPrompts(name: ArmName): name is 'base' | 'rag' {
  return name === 'base' || name === 'rag';
}

/** A prompt with its means over the validation cases. */
interface TriedVariant {
  variant: PromptVariant;
  score: number;
  tieBreak: number;
}

async function tryVariants(
  task: {
    arm: 'base' | 'rag';
    variants: readonly PromptVariant[];
    choice: PromptChoice;
    report: (detail: string) => void;
    onAnswer: () => void;
  },
  parts: AnsweringParts,
): Promise<TriedVariant[]> {
  const { arm, choice } = task;
  const { primary, graded } = decidingMetrics(choice);
  const answerer = await createAnswerer(parts, { arm });
  const info = {
    name: arm,
    label: arm,
    description: '',
    reference: false,
    retrieves: arm === 'rag',
    trained: false,
  };
  const tried: TriedVariant[] = [];
  for (const variant of task.variants) {
    const scores: number[] = [];
    const grades: number[] = [];
    for (const testCase of choice.validation) {
      task.report(`${arm} ${variant.id}`);
      const key = hashJson({
        purpose: 'choose prompt',
        common: choice.shared,
        arm,
        variant,
        question: testCase.question,
      });
      const answer = await reuseAnswer(choice.store, { key, arm, testCase }, () =>
        answerer.answer(testCase.question, { variant, signal: choice.signal }),
      );
      task.onAnswer();
      const value = (metric: Metric) =>
        (answer ? metric.value({ answer, testCase, arm: info }) : metric.whenFailed) ?? 0;
      scores.push(value(primary));
      grades.push(value(graded));
    }
    // A prompt that always declines must not win by the questions without an answer.
    const { unanswerableWeight } = parts.settings.compare;
    const score = primary.joined ? joinedMean(scores, choice.validation, unanswerableWeight) : mean(scores);
    tried.push({ variant, score, tieBreak: mean(grades) });
  }
  return tried;
}

function pickBest(
  arm: 'base' | 'rag',
  tried: readonly TriedVariant[],
  choice: Pick<PromptChoice, 'metrics' | 'primary' | 'validation'>,
): ChosenPrompt {
  const { primary, graded } = decidingMetrics(choice);
  const best = tried.reduce((a, b) =>
    b.score > a.score || (b.score === a.score && b.tieBreak > a.tieBreak) ? b : a,
  );
  const isTie = tried.every(({ score }) => score === best.score);
  return {
    arm,
    variant: best.variant,
    tried: tried.map(({ variant, score, tieBreak }) => ({
      id: variant.id,
      score: isTie ? tieBreak : score,
      metric: isTie ? graded.name : primary.name,
      cases: choice.validation.length,
      text: variant.system,
    })),
  };
}

function decidingMetrics({ metrics, primary: id }: Pick<PromptChoice, 'metrics' | 'primary'>): {
  primary: Metric;
  graded: Metric;
} {
  const primary = metrics.find((metric) => metric.id === id)!;
  return { primary, graded: metrics.find((metric) => metric.id === 'token-f1') ?? primary };
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
