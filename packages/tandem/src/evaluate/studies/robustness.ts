import type { LanguageModelV4 } from '@ai-sdk/provider';
import type { StepInsertion } from '../../answer/step.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { Settings } from '../../core/settings.ts';
import type { Passage } from '../../core/types/document.ts';
import type { Case } from '../../core/types/example.ts';
import { titleOfModel } from '../../models/model-kinds.ts';
import { holmAdjust } from '../../statistics/index.ts';
import type { ArmParts } from '../added-arms.ts';
import type { ArmUnderTest } from '../arm.ts';
import { type ArmChange, type ArmRecipe, makeChangedArms } from '../arms.ts';
import type { CaseRecord } from '../comparison-result.ts';
import { holdsSource } from '../metrics/source-overlap.ts';
import type { AskAgain, AskedAgain } from './ask-again.ts';
import { writeOtherWording } from './other-wording.ts';
import { inPlainLetters, withTypos } from './perturb-question.ts';
import { type RobustnessChange, type RobustnessStudy, shiftOf } from './study.ts';

/** What is changed, and what a reader is told of it. */
const descriptions: Record<RobustnessChange['id'], string> = {
  typos: 'one word in six mistyped',
  'plain letters': 'in lower case, without the mark at its end',
  'other words': 'asked in other words',
  'source first': 'the passage that answers put before the others',
  'source last': 'the passage that answers put behind the others',
  'more passages': 'twice as many passages, the next-best ones added',
};

/**
 * The same questions again with what should not matter changed: letters, wording, the order of the passages and how many there are. Each answer
 * is held against the arm's own answer in the comparison.
 * @param drawn cases with an answer, and every arm's answer to them
 */
export async function studyRobustness(
  drawn: readonly CaseRecord[],
  { arms, recipe }: { arms: readonly ArmUnderTest[]; recipe: ArmRecipe },
  parts: ArmParts & { chat: LanguageModelV4 },
  options: { ask: AskAgain; seed: number; signal: AbortSignal; onProgress?: ProgressListener | undefined },
): Promise<RobustnessStudy> {
  const wordings = await otherWordings(drawn, parts, options);
  const questions: [RobustnessChange['id'], (testCase: Case, at: number) => string | undefined][] = [
    ['typos', ({ question }, at) => withTypos(question, options.seed + at)],
    ['plain letters', ({ question }) => inPlainLetters(question)],
    ['other words', ({ id }) => wordings.byCase.get(id)],
  ];
  const asked: AskedAgain[] = questions.flatMap(([change, reworded]) =>
    drawn.flatMap((record, at) => {
      const question = reworded(record.case, at);
      return question === undefined
        ? []
        : arms.map(({ name: arm }) => ({ change, arm, record, testCase: { ...record.case, question } }));
    }),
  );
  for (const [id, change] of passageChanges(drawn, parts.settings)) {
    const changed = await makeChangedArms({ ...change, id }, recipe, parts);
    for (const record of drawn)
      for (const by of changed)
        if (id === 'more passages' || hadSource(record, by.name))
          asked.push({ change: id, arm: by.name, record, testCase: record.case, by });
  }
  const rows = await options.ask(asked, 'asking again with changes');
  const shifts = (Object.keys(descriptions) as RobustnessChange['id'][]).flatMap((id) =>
    arms.flatMap(({ name: arm }) => {
      const shift = shiftOf(
        rows.filter((row) => row.change === id && row.arm === arm),
        options.seed,
      );
      return shift ? [{ id, arm, ...shift }] : [];
    }),
  );
  const adjusted = holmAdjust(shifts.map(({ p }) => p));
  const judged = shifts.map((shift, at) => ({ ...shift, adjustedP: adjusted[at]! }));
  return {
    cases: drawn.length,
    changes: [...Map.groupBy(judged, ({ id }) => id)].map(([id, own]) => ({
      id,
      description: descriptions[id],
      arms: own.map(({ id: _, ...shift }) => shift),
    })),
    ...(wordings.sentence !== '' && { wordings: wordings.sentence }),
  };
}

/** The team's own wordings where a case has some; else the model's, as far as they hold. */
async function otherWordings(
  drawn: readonly CaseRecord[],
  { chat, models }: ArmParts & { chat: LanguageModelV4 },
  { signal, onProgress }: { signal: AbortSignal; onProgress?: ProgressListener | undefined },
): Promise<{ byCase: Map<string, string>; sentence: string }> {
  const byCase = new Map<string, string>();
  const embedder = await models.embedder();
  let [given, written] = [0, 0];
  for (const [at, { case: testCase }] of drawn.entries()) {
    onProgress?.({ stage: 'wording questions anew', done: at, total: drawn.length, unit: 'questions' });
    const own = testCase.wordings?.[0]?.question;
    const wording = own ?? (await writeOtherWording(testCase.question, { chat, embedder }, signal));
    if (wording === undefined) continue;
    byCase.set(testCase.id, wording);
    if (own === undefined) written++;
    else given++;
  }
  const parted = [
    given > 0 ? `${given} of ${drawn.length} other wordings are the cases' own` : '',
    given < drawn.length
      ? `${written} of ${drawn.length - given} that ${titleOfModel(models.names.chat)} wrote kept names, numbers and meaning; the others were left out`
      : '',
  ].filter(Boolean);
  return { byCase, sentence: parted.length > 0 ? `${parted.join('; ')}.` : '' };
}

function passageChanges(
  drawn: readonly CaseRecord[],
  { retrieve }: Pick<Settings, 'retrieve'>,
): [RobustnessChange['id'], Omit<ArmChange, 'id'>][] {
  // By question, which is all that a step is told; of two cases with one question the first's place is meant.
  const sources = new Map(drawn.toReversed().map(({ case: { question, source } }) => [question, source]));
  const moved = (to: 'first' | 'last'): Omit<ArmChange, 'id'> => ({
    steps: [moveSource((question) => sources.get(question), to)],
  });
  const changes: [RobustnessChange['id'], Omit<ArmChange, 'id'>][] = [
    ['source first', moved('first')],
    ['source last', moved('last')],
  ];
  // Where their length is bounded, more of them are not more text.
  if (retrieve.maxTokens === undefined) changes.push(['more passages', { passages: 2 }]);
  return changes;
}

/** Puts what holds the answer before or behind all other passages. */
function moveSource(sourceOf: (question: string) => Case['source'], to: 'first' | 'last'): StepInsertion {
  return {
    after: 'retrieve',
    step: {
      name: `source ${to}`,
      run({ request, retrieved }) {
        const source = sourceOf(request.question);
        if (!source || !retrieved) return {};
        const holds = (passage: Passage) => holdsSource(passage, source);
        const [own, others] = [
          retrieved.passages.filter(holds),
          retrieved.passages.filter((one) => !holds(one)),
        ];
        const passages = (to === 'first' ? [...own, ...others] : [...others, ...own]).map((passage, at) => ({
          ...passage,
          rank: at + 1,
        }));
        return { retrieved: { ...retrieved, passages } };
      },
    },
  };
}

/** Only an answer that was given the passage can have suffered from where it stood. */
function hadSource(record: CaseRecord, arm: string): boolean {
  return record.arms[arm]?.answer?.passages.some((passage) => passage.holdsSource) ?? false;
}
