import { type Random, shuffled } from '../../statistics/random.ts';
import type { TrainingQuestion, Wording } from '../training-question.ts';
import { replyOf } from './answer-text.ts';
import { type ComposingParts, findDistractors } from './distractors.ts';
import { hybridMessages, makeExample, type SourcedExample } from './example.ts';
import type { FoundAnswer } from './find-answer.ts';

/** Only distractors: the right reply says that it is not in the sources. Undefined where nothing else was found. */
export async function composeWithoutAnswer(
  parts: ComposingParts,
  { question, wording, answer }: { question: TrainingQuestion; wording: Wording; answer?: FoundAnswer },
  random: Random,
): Promise<SourcedExample | undefined> {
  const { settings } = parts;
  const found = await findDistractors(parts, question, wording, answer);
  // A passage of the same document, another section, is the hardest distractor; both kinds are shown.
  const passages = shuffled(found.passages.slice(0, settings.retrieve.k), random);
  if (passages.length === 0) return undefined;
  const reply = replyOf(
    settings,
    question,
    settings.answer.notInSources,
    // Where the names are given, the passage is not needed to know what is asked about.
    found.spelledOut.length > 0 ? undefined : (wording.withoutPassage ?? undefined),
  );
  return makeExample(
    question,
    'absent',
    [...hybridMessages(settings, wording, passages, found.spelledOut), { role: 'assistant', content: reply }],
    { passages },
  );
}
