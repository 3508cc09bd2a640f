import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { hashJson } from '../core/hash.ts';
import type { Case } from '../core/types/example.ts';
import { createRandom, shuffled } from '../statistics/index.ts';
import type { ArmUnderTest } from './arm.ts';
import type { ResultStore, StoredAnswer } from './result-store.ts';
import { firstRepeated } from './set-up-comparison.ts';
import type { QuestionsToAsk } from './steps/step-data.ts';

/** One answer that a comparison needs. */
export interface PlannedAnswer {
  /** Where it is kept: a hash of everything that decides it. */
  key: string;
  arm: string;
  caseId: string;
  pass: StoredAnswer['pass'];
}

/** All answers that a comparison needs, in the order in which they are asked for. */
export interface AnswerPlan {
  answers: PlannedAnswer[];
  /** Of the sequential latency pass. */
  timed: PlannedAnswer[];
}

/** How many answers a comparison has to make: for an estimate before it starts. */
export interface AnswerCounts {
  /** Answers of the main pass, and how many of them are stored already. */
  answers: number;
  stored: number;
  /** Answers of the latency pass, the warm-up of each arm included, and how many are stored. */
  latencyAnswers: number;
  latencyStored: number;
}

/**
 * Arms take turns on each case, in an order drawn for each case by the seed, so that nothing that changes with time favours one of them.
 * @throws InvalidInputError for no arms, or two of one name.
 */
export function planAnswers(
  { setup, cases }: QuestionsToAsk,
  arms: readonly Pick<ArmUnderTest, 'name' | 'fingerprint'>[],
): AnswerPlan {
  checkArms(arms);
  const { seed, latencyCases } = setup.options;
  const random = createRandom(seed);
  const takeTurns = (
    asked: readonly Case[],
    pass: PlannedAnswer['pass'],
    keyOf: (arm: (typeof arms)[number], testCase: Case) => string,
  ) =>
    asked.flatMap((testCase) =>
      shuffled(arms, random).map(
        (arm): PlannedAnswer => ({
          key: keyOf(arm, testCase),
          arm: arm.name,
          caseId: testCase.id,
          pass,
        }),
      ),
    );
  const answers = takeTurns(cases, 'answers', (arm, testCase) =>
    hashJson({ arm: arm.fingerprint, question: testCase.question, case: testCase.id }),
  );
  const sample = spreadOverKinds(cases, latencyCases, seed);
  // Times can be compared only when they were taken together on one machine: any arm's change makes all of them stale.
  const takenTogether = hashJson({
    arms: arms.map(({ fingerprint }) => fingerprint),
    machine: setup.provenance.machine ?? null,
    cases: sample.map(({ id, question }) => [id, question]),
  });
  const timed = takeTurns(sample, 'latency', (arm, testCase) =>
    hashJson({ together: takenTogether, arm: arm.name, case: testCase.id }),
  );
  return { answers, timed };
}

/** What of a plan is stored already, and what is to be asked. */
export function countAnswers(plan: AnswerPlan, store: Pick<ResultStore, 'get'>): AnswerCounts {
  const countStored = (planned: readonly PlannedAnswer[]) =>
    planned.filter(({ key }) => store.get(key)).length;
  const arms = new Set(plan.answers.map(({ arm }) => arm)).size;
  const latencyStored = countStored(plan.timed);
  return {
    answers: plan.answers.length,
    stored: countStored(plan.answers),
    latencyAnswers: plan.timed.length + (latencyStored < plan.timed.length ? arms : 0),
    latencyStored,
  };
}

function checkArms(arms: readonly { name: string }[]): void {
  if (arms.length === 0)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'arms',
      message: 'There is no arm to compare.',
      hint: 'Name at least one arm, such as base and rag.',
    });
  const repeated = firstRepeated(arms.map(({ name }) => name));
  if (repeated !== undefined)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'arms',
      message: `The arm "${repeated}" is named twice.`,
      hint: 'Name each arm once.',
    });
}

/** A sample with as many cases of each kind as of any other, as far as they go, in the order of the cases. */
function spreadOverKinds(cases: readonly Case[], count: number, seed: number): Case[] {
  const random = createRandom(seed + 1);
  const byKind = new Map<string, Case[]>();
  for (const testCase of shuffled(cases, random)) {
    const kind = testCase.kind ?? '';
    byKind.set(kind, [...(byKind.get(kind) ?? []), testCase]);
  }
  const queues = [...byKind.values()];
  const taken = new Set<Case>();
  for (let turn = 0; taken.size < count; turn++) {
    const next = queues[turn % queues.length]!.shift();
    if (next) taken.add(next);
  }
  return cases.filter((testCase) => taken.has(testCase));
}
