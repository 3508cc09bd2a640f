import type { Passage } from '../../core/types/document.ts';
import type { Random } from '../../statistics/random.ts';
import type { TrainingQuestion, Wording } from '../training-question.ts';
import type { MeasureSupport } from './answer-support.ts';
import { type AnswerText, answerTextOf, replyOf } from './answer-text.ts';
import { type ComposingParts, findDistractors } from './distractors.ts';
import { hybridMessages, makeExample, type SourcedExample } from './example.ts';
import type { FoundAnswer } from './find-answer.ts';

/** The right passage among distractors; the reply cites it. */
export async function composeWithAnswer(
  parts: ComposingParts,
  { question, wording, answer }: { question: TrainingQuestion; wording: Wording; answer: FoundAnswer },
  random: Random,
): Promise<SourcedExample> {
  const { settings, support } = parts;
  const { k } = settings.retrieve;
  const [main, ...others] = answer.passages.slice(0, k);
  const found = await findDistractors(parts, question, wording, answer);
  // Half the time where the search put it, half the time anywhere: the model must read, and not rely on the place.
  const natural = found.rankOfRight < k && random.next() < 0.5;
  const passages: Passage[] = found.passages.slice(0, k - answer.passages.length);
  const anywhere = () => Math.floor(random.next() * (passages.length + 1));
  passages.splice(natural ? Math.min(found.rankOfRight, passages.length) : anywhere(), 0, main!);
  for (const other of others) passages.splice(anywhere(), 0, other);
  const text = withMarkers(answerTextOf(settings, question), answer, { passages, support });
  return makeExample(
    question,
    'passages',
    [
      ...hybridMessages(settings, wording, passages, found.spelledOut),
      { role: 'assistant', content: replyOf(settings, question, text) },
    ],
    { passages, answer },
  );
}

/** A sentence has this share of its words from the passage that it cites. */
const leastSaid = 0.4;

/**
 * The answer with a marker behind each sentence that a passage says. Where its author put markers, each sentence has a source, and one whose passage is
 * not shown is left out. Where there are none, the answer is learnt whole, and at least its last sentence cites.
 */
function withMarkers(
  { lead, sentences, isMarked }: AnswerText,
  { foundBy, passages: right }: FoundAnswer,
  { passages, support }: { passages: readonly Passage[]; support: MeasureSupport },
): string {
  const cited = sentences.map((sentence) => {
    const said = right
      .map((passage) => ({ passage, ...support(sentence, passage) }))
      .filter(({ isVerbatim, words }) => isVerbatim || (foundBy !== 'verbatim' && words >= leastSaid))
      .toSorted((a, b) => Number(b.isVerbatim) - Number(a.isVerbatim) || b.words - a.words)[0];
    return { sentence, passage: said?.passage };
  });
  if (!cited.some(({ passage }) => passage)) cited.at(-1)!.passage = right[0];
  const kept = isMarked ? cited.filter(({ passage }) => passage) : cited;
  const marked = kept.map(({ sentence, passage }) =>
    passage ? `${sentence} [${passages.indexOf(passage) + 1}]` : sentence,
  );
  return `${lead}${marked.join(' ')}`;
}
