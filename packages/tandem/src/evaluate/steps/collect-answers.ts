import { ContextOverflowError } from '../../core/errors/context-overflow-error.ts';
import { InterruptedError } from '../../core/errors/interrupted-error.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { Case } from '../../core/types/example.ts';
import type { ArmUnderTest } from '../arm.ts';
import { type PlannedAnswer, planAnswers } from '../plan-answers.ts';
import type { ResultStore, StoredAnswer } from '../result-store.ts';
import type { CollectedAnswers, QuestionsToAsk } from './step-data.ts';

/** What the answers come from and where they are kept. */
export interface CollectingParts {
  arms: readonly ArmUnderTest[];
  store: ResultStore;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/**
 * Puts the same cases to every arm; then measures latency on a sample of them, one answer at a time. Each answer is stored as soon as it
 * is there: the same call continues where an interrupted one stopped, and an arm whose fingerprint is unchanged is not asked again.
 *
 * A question that does not fit an arm's context is a failed answer of that arm; any other error stops the comparison.
 * @throws InvalidInputError for no arms, or two of one name
 * @throws InterruptedError when `signal` aborts
 */
export async function collectAnswers(
  questions: QuestionsToAsk,
  parts: CollectingParts,
): Promise<CollectedAnswers> {
  const startedAt = new Date().toISOString();
  const { setup, cases } = questions;
  const { arms, store } = parts;
  const plan = planAnswers(questions, arms);
  const asking: Omit<Asking, 'stage'> = {
    ...parts,
    signal: parts.signal ?? new AbortController().signal,
    armOf: new Map(arms.map((arm) => [arm.name, arm])),
    caseOf: new Map(cases.map((testCase) => [testCase.id, testCase])),
  };
  const answers = await askPlanned(plan.answers, { ...asking, stage: 'answering cases' });
  if (plan.timed.some(({ key }) => !store.get(key))) await warmUp(cases, plan.timed, { arms, ...asking });
  const timed = await askPlanned(plan.timed, { ...asking, stage: 'measuring latency' });
  return { setup, startedAt, arms: arms.map(describeArm), cases, answers, timed };
}

/** Whom to ask what, by the names in the plan. */
export interface Asking extends Omit<CollectingParts, 'arms' | 'onProgress'> {
  signal: AbortSignal;
  armOf: ReadonlyMap<string, Pick<ArmUnderTest, 'label' | 'answer'>>;
  caseOf: ReadonlyMap<string, Case>;
  /** What progress says is being done. */
  stage: string;
  onProgress?: ProgressListener | undefined;
}

/** Every answer of a plan, in its order: from the store where it is, else asked and stored. */
export async function askPlanned(planned: readonly PlannedAnswer[], asking: Asking): Promise<StoredAnswer[]> {
  const { store, onProgress, stage } = asking;
  const rows: StoredAnswer[] = [];
  const report = (detail?: string) =>
    onProgress?.({
      stage,
      done: rows.length,
      total: planned.length,
      unit: 'answers',
      ...(detail && { detail }),
    });
  for (const { key, arm: name, caseId, pass } of planned) {
    let row = store.get(key);
    if (!row) {
      const arm = asking.armOf.get(name)!;
      report(`${arm.label}: ${caseId}`);
      const answered = await askOnce(arm, asking.caseOf.get(caseId)!, asking.signal, rows.length);
      row = { arm: name, caseId, pass, ...answered };
      await store.put(key, row);
    }
    rows.push(row);
  }
  if (planned.length > 0) report();
  return rows;
}

async function askOnce(
  arm: Pick<ArmUnderTest, 'answer'>,
  testCase: Case,
  signal: AbortSignal,
  done: number,
): Promise<Pick<StoredAnswer, 'answer' | 'failure'>> {
  const interrupted = (cause?: unknown) =>
    new InterruptedError({
      message: `The comparison was stopped after ${done} answers, which are kept.`,
      domain: 'evaluate',
      cause,
    });
  if (signal.aborted) throw interrupted(signal.reason);
  try {
    return { answer: await arm.answer(testCase, signal) };
  } catch (error) {
    if (signal.aborted) throw interrupted(error);
    if (!ContextOverflowError.isInstance(error)) throw error;
    return {
      failure: { message: error.message, code: error.code, ...(error.hint && { hint: error.hint }) },
    };
  }
}

/** One answer of each arm that is thrown away: the first one loads models and fills caches. */
async function warmUp(
  cases: readonly Case[],
  timed: readonly PlannedAnswer[],
  { arms, caseOf, signal }: Pick<CollectingParts, 'arms'> & Pick<Asking, 'caseOf' | 'signal'>,
): Promise<void> {
  const sample = new Set(timed.map(({ caseId }) => caseId));
  const testCase = cases.find(({ id }) => !sample.has(id)) ?? caseOf.get(timed[0]!.caseId)!;
  for (const arm of arms) await askOnce(arm, testCase, signal, 0);
}

/** Without its functions, in the order of `comparison.json`. */
function describeArm(arm: ArmUnderTest): CollectedAnswers['arms'][number] {
  const {
    name,
    label,
    description,
    reference,
    retrieves,
    trained,
    model,
    countsTokens,
    answersOnly,
    fingerprint,
  } = arm;
  return {
    name,
    label,
    description,
    reference,
    retrieves,
    trained,
    ...(model !== undefined && { model }),
    ...(countsTokens === false && { countsTokens }),
    ...(answersOnly && { answersOnly }),
    fingerprint,
  };
}
