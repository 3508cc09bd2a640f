import { embedMany } from 'ai';
import { dot, unit } from '../../core/cosine.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import { detectLanguage, languageName } from '../../text/language.ts';
import { isSameValue, valuesIn } from '../../text/values.ts';
import type { Check, Found, LintContext, NotMade } from './check.ts';
import { isAcross } from './exact-duplicates.ts';
import { type LintItem, learntReplies, questionOf, sameText } from './items.ts';
import { areNear } from './near-duplicates.ts';

export const sameMeaning: Check = {
  name: 'same-meaning',
  severity: 'warning',
  finds: 'questions that ask the same in other words and have answers that say the same',
  async find({ items }, context) {
    // With passages in the prompt two questions are alike whatever they ask.
    const asked = items.filter((item) => {
      const question = questionOf(item);
      return question !== '' && question.length <= mostCharacters && learntReplies(item).length > 0;
    });
    const compared = asked.slice(0, mostCompared);
    if (compared.length < 2) return [];
    const vectors = await embed(compared, context);
    if ('notMade' in vectors) return vectors;
    return pairsOf(compared, vectors);
  },
};

/** Of a question; a longer one is a text with a task in it. */
const mostCharacters = 600;
/** More would take minutes to embed. */
const mostCompared = 5000;

/** Cosines of MiniLM and of other small sentence encoders: paraphrases lie above, questions about the same thing below. */
const leastOfQuestions = 0.85;
const leastOfAnswers = 0.8;

interface Vectors {
  questions: Float32Array[];
  answers: Float32Array[];
}

async function embed(items: readonly LintItem[], context: LintContext): Promise<Vectors | NotMade> {
  const { embedder: open, signal, onProgress } = context;
  if (!open) return { notMade: 'there is no embedder' };
  let model: Awaited<ReturnType<typeof open>>;
  try {
    model = await open();
  } catch (error) {
    if (!TandemError.isInstance(error)) throw error;
    return { notMade: error.message };
  }
  const languages = localToolsOf(model)?.languages;
  const language = await detectLanguage(items.slice(0, 50).map(questionOf).join('\n'));
  if (languages && languages !== 'many' && language !== undefined && !languages.includes(language))
    return { notMade: `the embedder ${model.modelId} does not read ${languageName(language)}` };
  const texts = [...items.map(questionOf), ...items.map(answerOf)];
  const distinct = [...new Set(texts)];
  const vectors = new Map<string, Float32Array>();
  for (let at = 0; at < distinct.length; at += batch) {
    const values = distinct.slice(at, at + batch);
    const { embeddings } = await embedMany({
      model,
      values,
      providerOptions: { tandem: { role: 'document' } },
      ...(signal && { abortSignal: signal }),
    });
    for (const [i, value] of values.entries()) vectors.set(value, unit(Float32Array.from(embeddings[i]!)));
    onProgress?.({ stage: 'embedding', done: at + values.length, total: distinct.length, unit: 'texts' });
  }
  const of = (text: string) => vectors.get(text)!;
  return {
    questions: items.map((item) => of(questionOf(item))),
    answers: items.map((item) => of(answerOf(item))),
  };
}

const batch = 64;

/** The beginning of a long answer says what it is about. */
const answerOf = (item: LintItem) => learntReplies(item).join('\n').slice(0, 1000);

function pairsOf(items: readonly LintItem[], { questions, answers }: Vectors): Found[] {
  const found: Found[] = [];
  for (const [b, item] of items.entries()) {
    let best: { first: LintItem; cosine: number } | undefined;
    for (let a = 0; a < b; a++) {
      const cosine = dot(questions[a]!, questions[b]!);
      if (cosine < leastOfQuestions || (best && cosine <= best.cosine)) continue;
      const first = items[a]!;
      if (isToldElsewhere(first, item) || dot(answers[a]!, answers[b]!) < leastOfAnswers) continue;
      if (differInValues(first, item) || areNear(first, item)) continue;
      best = { first, cosine };
    }
    if (best)
      found.push({
        where: item.where,
        message: `asks what ${best.first.where} asks, in other words (cosine ${best.cosine.toFixed(2)}), and answers the same`,
        ...(isAcross(item, best.first) && { severity: 'error' }),
      });
  }
  return found;
}

/** Equal questions are duplicates or contradictions; examples of one question belong together by design. */
function isToldElsewhere(a: LintItem, b: LintItem): boolean {
  return (
    sameText(questionOf(a)).toLowerCase() === sameText(questionOf(b)).toLowerCase() ||
    (a.id !== undefined && a.id === b.id) ||
    (a.group !== undefined && a.group === b.group && !isAcross(a, b))
  );
}

/** Two questions that name other numbers ask for other things, and so do two answers that give them. */
function differInValues(a: LintItem, b: LintItem): boolean {
  return [questionOf, answerOf].some((textOf) => {
    const [ofA, ofB] = [valuesIn(textOf(a)), valuesIn(textOf(b))];
    const lacks = (values: typeof ofA, others: typeof ofA) =>
      values.some((value) => !others.some((other) => isSameValue(value, other)));
    return lacks(ofA, ofB) || lacks(ofB, ofA);
  });
}
