import { withoutMarkers } from '../../answer/citations.ts';
import { counted } from '../../core/counted.ts';
import { foldedWords } from '../../text/words.ts';
import type { ArmInfo } from '../arm.ts';
import type { AnswerRecord, CaseRecord, UndecidedComparison, Verdict } from '../comparison-result.ts';
import { capitalise } from '../format.ts';

/** What an arm does whatever it is asked: one sentence, with the counts. A useless arm answers no question, however its numbers stand. */
export type Habit = Omit<Verdict['habits'][number], 'arm'>;

/** Shares from which a habit is told, and from which it is all that an arm does. */
const told = 0.5;
const always = 0.95;
/** Fewer answers show no habit but declining, which is plain from the first. */
const leastAnswers = 5;

/** How an arm answers without regard to the question; empty for an arm that reads what it is asked. */
export function habitsOf(result: UndecidedComparison, arm: ArmInfo): Habit[] {
  const given = result.cases.flatMap((record): GivenAnswer[] => {
    const { answer, values } = record.arms[arm.name]!;
    return answer ? [{ record, answer, isRight: values[result.primary.metric] === 1 }] : [];
  });
  const said = given.filter(({ answer }) => !answer.abstained);
  return [
    declining(arm, result.cases, given),
    sameAnswer(arm, said),
    looping(arm, said),
    citingFirst(arm, said),
  ].filter((habit) => habit !== undefined);
}

interface GivenAnswer {
  record: CaseRecord;
  answer: AnswerRecord;
  isRight: boolean;
}

function declining(
  arm: ArmInfo,
  cases: readonly CaseRecord[],
  given: readonly GivenAnswer[],
): Habit | undefined {
  const isAnswerable = ({ case: { answerable } }: CaseRecord) => answerable !== false;
  const declined = given.filter(({ answer }) => answer.abstained);
  const answerable = cases.filter(isAnswerable).length;
  const wrongly = declined.filter(({ record }) => isAnswerable(record)).length;
  if (answerable === 0 || wrongly < told * answerable) return undefined;
  const all = `declined ${declined.length} of ${counted(cases.length, 'question')}`;
  const those =
    answerable === cases.length
      ? `${answerable === 1 ? 'which has' : 'all of which have'} an answer`
      : `${answerable} of which ${answerable === 1 ? 'has' : 'have'} an answer`;
  const isUseless = wrongly >= always * answerable && declined.length >= always * cases.length;
  return {
    kind: 'declines',
    isUseless,
    sentence: isUseless
      ? `${capitalise(arm.label)} always declines: it ${all}, ${those}.`
      : `${capitalise(arm.label)} ${all}, ${wrongly} of them though there is an answer.`,
  };
}

/** One text for different questions, and wrong more often than not. */
function sameAnswer(arm: ArmInfo, said: readonly GivenAnswer[]): Habit | undefined {
  const byText = Map.groupBy(said, ({ answer }) => foldedWords(withoutMarkers(answer.text)).join(' '));
  const most = [...byText.values()].sort((a, b) => b.length - a.length)[0] ?? [];
  const groups = new Set(most.map(({ record }) => record.group)).size;
  const right = most.filter(({ isRight }) => isRight).length;
  if (groups < leastAnswers || most.length < told * said.length || right >= most.length / 2) return undefined;
  const text = most[0]!.answer.text;
  return {
    kind: 'same answer',
    isUseless: most.length >= always * said.length,
    sentence: `${capitalise(arm.label)} repeats itself: it said "${text.length > 60 ? `${text.slice(0, 59)}…` : text}" to ${most.length} of the ${counted(said.length, 'question')} that it answered.`,
  };
}

function looping(arm: ArmInfo, said: readonly GivenAnswer[]): Habit | undefined {
  const loops = said.filter(({ answer }) => answer.problems?.includes('repeated')).length;
  if (said.length < leastAnswers || loops < told * said.length) return undefined;
  return {
    kind: 'loops',
    isUseless: false,
    sentence: `${capitalise(arm.label)} repeats itself: it fell into a loop in ${loops} of ${counted(said.length, 'answer')}.`,
  };
}

/** The first passage, whatever it says. Where it was always the right one there is nothing to blame. */
function citingFirst(arm: ArmInfo, said: readonly GivenAnswer[]): Habit | undefined {
  const citing = said.filter(({ answer }) => answer.citations.length > 0 && answer.passages.length > 1);
  const isFirst = ({ answer }: GivenAnswer) => answer.citations.every(({ marker }) => marker === 1);
  if (citing.length < leastAnswers || !citing.every(isFirst)) return undefined;
  const known = citing.filter(({ record }) => record.case.source);
  const right = known.filter(({ answer }) => answer.passages[0]?.holdsSource).length;
  if (known.length > 0 && right === known.length) return undefined;
  const rightly = known.length > 0 ? `, rightly in ${right} of ${known.length}` : '';
  return {
    kind: 'cites first',
    isUseless: false,
    sentence: `${capitalise(arm.label)} always cites [1]: in all ${counted(citing.length, 'answer')} that cite${rightly}.`,
  };
}
