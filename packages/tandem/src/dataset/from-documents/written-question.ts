import type { JSONSchema7, LanguageModelV4 } from '@ai-sdk/provider';
import { withoutMarkers } from '../../answer/citations.ts';
import { generate } from '../../answer/generate.ts';
import { buildMessages } from '../../answer/prompt.ts';
import { parseObject } from '../../answer/structured-output.ts';
import { escapeRegExp } from '../../core/escape-reg-exp.ts';
import type { Settings } from '../../core/settings.ts';
import { isBlank } from '../../core/written-text.ts';
import { valuesIn, valuesLacking } from '../../text/values.ts';
import { foldedWords } from '../../text/words.ts';

/** A question that a model wrote, with the span of the text that it quoted as the answer; or why it is of no use. */
export type WrittenQuestion =
  | { question: string; span: { start: number; end: number } }
  | { dropped: 'not grounded' | 'not verified' };

const schema: JSONSchema7 = {
  type: 'object',
  properties: { question: { type: 'string' }, answer: { type: 'string' } },
  required: ['question', 'answer'],
  additionalProperties: false,
};

/** Of the words of the answer that is expected, so many are in the one that the model gives when it is asked. */
const leastShared = 0.5;

/**
 * Lets a model write a question about a text and quote the sentence that answers it. Grounded: the quotation stands in the text, word for word. Verified: asked that
 * question, and shown that text alone, the model says the same, with the same numbers.
 * @param text a part of a document; spans are offsets into it
 */
export async function writeQuestion(
  chat: LanguageModelV4,
  { title, heading, text }: { title: string; heading: string; text: string },
  { answer }: Pick<Settings, 'answer'>,
  signal?: AbortSignal,
): Promise<WrittenQuestion> {
  const call = { temperature: 0, ...(signal && { signal }) };
  const { text: written } = await generate(
    chat,
    [
      {
        role: 'system',
        content:
          'You write one question that a reader of the text might ask, in the language of the text, and copy the one sentence of the text that answers it, word for word. The question names what it is about, so that it is understood without the text. Reply with JSON: {"question": …, "answer": …}.',
      },
      { role: 'user', content: `${title}: ${heading}\n\n${text}` },
    ],
    { ...call, maxTokens: 256, schema },
  );
  const { question, answer: quoted } = parseObject(written, schema) ?? {};
  if (typeof question !== 'string' || typeof quoted !== 'string' || isBlank(question) || isBlank(quoted))
    return { dropped: 'not grounded' };
  const span = quotationIn(text, quoted);
  if (!span) return { dropped: 'not grounded' };

  const asked = buildMessages({
    arm: 'rag',
    // A project's form of replies, and its style, are not what is verified.
    answer: { ...answer, output: undefined, prompts: {}, styleGuide: undefined },
    question,
    passages: [{ text, headingPath: [title, heading] }],
  });
  const said = withoutMarkers((await generate(chat, asked, { ...call, maxTokens: answer.maxTokens })).text);
  const isSaid = said.trim() !== answer.notInSources && saysTheSame(said, text.slice(span.start, span.end));
  return isSaid ? { question: question.trim(), span } : { dropped: 'not verified' };
}

/** Where a quotation stands, white space aside. */
function quotationIn(text: string, quoted: string): { start: number; end: number } | undefined {
  const words = quoted.trim().split(/\s+/).map(escapeRegExp);
  const match = new RegExp(words.join('\\s+'), 'u').exec(text);
  return match ? { start: match.index, end: match.index + match[0].length } : undefined;
}

function saysTheSame(said: string, expected: string): boolean {
  const has = new Set(foldedWords(said));
  const words = [...new Set(foldedWords(expected))];
  const shared = words.filter((word) => has.has(word)).length / Math.max(1, words.length);
  const known = valuesIn(expected);
  const areNumbersKnown = valuesLacking(valuesIn(said), known).length === 0;
  return shared >= leastShared && areNumbersKnown;
}
