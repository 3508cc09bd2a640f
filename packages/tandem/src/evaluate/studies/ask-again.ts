import { hashJson } from '../../core/hash.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { Case } from '../../core/types/example.ts';
import type { ArmUnderTest } from '../arm.ts';
import type { CaseRecord } from '../comparison-result.ts';
import { wholeAnswerMetrics } from '../metrics/right.ts';
import type { MetricSettings } from '../metrics/settings.ts';
import type { ResultStore } from '../result-store.ts';
import { askPlanned } from '../steps/collect-answers.ts';
import type { BeforeAndAfter } from './study.ts';

/** One question of a comparison that is asked once more, after something was changed. */
export interface AskedAgain {
  /** Name of the change. */
  change: string;
  arm: string;
  /** What the arm answered before. */
  record: CaseRecord;
  /** As it is asked now, and what is expected now. */
  testCase: Case;
  /** The arm itself where it was changed. */
  by?: ArmUnderTest;
}

/** The same with what the answer was worth before and is now. */
export interface AnsweredAgain extends AskedAgain, BeforeAndAfter {
  /** What the new answer is worth by what was expected before. */
  asBefore: number;
}

/**
 * Asks, and keeps each answer as it comes. Questions that an arm is not measured on are left out: a head has no whole answer, and of a case that
 * expects nothing comparable nothing is right or wrong.
 */
export type AskAgain = (asked: readonly AskedAgain[], stage: string) => Promise<AnsweredAgain[]>;

/** Asks the arms of a comparison again; answers are kept beside the comparison's, so that an interrupted study continues from them. */
export function askAgainWith({
  arms,
  settings,
  ...asking
}: {
  arms: readonly ArmUnderTest[];
  settings: MetricSettings;
  store: ResultStore;
  signal: AbortSignal;
  onProgress?: ProgressListener | undefined;
}): AskAgain {
  const right = wholeAnswerMetrics(settings).find(({ id }) => id === 'right')!;
  const named = new Map(arms.map((arm) => [arm.name, arm]));
  return async (given, stage) => {
    const asked = given.filter(({ arm, record }) => record.arms[arm]?.values.right !== undefined);
    const planned = asked.map((one) => {
      const arm = one.by ?? named.get(one.arm)!;
      // Two arms that are changed differently have one name.
      const name = `${one.arm} · ${one.change}`;
      const { id, question, source } = one.testCase;
      const caseId = `${id} · ${one.change}`;
      const key = hashJson({ arm: arm.fingerprint, question, case: id, source, change: one.change });
      return {
        key,
        arm: name,
        caseId,
        pass: 'answers' as const,
        own: { ...arm, name },
        testCase: { ...one.testCase, id: caseId },
      };
    });
    const rows = await askPlanned(planned, {
      ...asking,
      armOf: new Map(planned.map(({ arm, own }) => [arm, own])),
      caseOf: new Map(planned.map(({ caseId, testCase }) => [caseId, testCase])),
      stage,
    });
    return asked.map((one, at) => {
      const { answer } = rows[at]!;
      const arm = named.get(one.arm)!;
      const worth = (testCase: Case) => (answer ? (right.value({ answer, testCase, arm }) ?? 0) : 0);
      return {
        ...one,
        group: one.record.group,
        before: one.record.arms[one.arm]!.values.right!,
        after: worth(one.testCase),
        asBefore: worth(one.record.case),
      };
    });
  };
}
