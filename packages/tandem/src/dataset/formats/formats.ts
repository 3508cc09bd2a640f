import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { FormatName } from '../../core/types/dataset-file.ts';
import { alpaca } from './alpaca.ts';
import type { Around, DatasetFormat, Fields } from './format.ts';
import { openAIChat } from './openai-chat.ts';
import { openAIEvals } from './openai-evals.ts';
import { promptfoo } from './promptfoo.ts';
import { questionAnswer } from './question-answer.ts';
import { shareGPT } from './sharegpt.ts';

/** Every format; the first that recognises an entry is taken for its file's, so that the most particular come first. */
export const formats: readonly DatasetFormat[] = [
  openAIChat,
  shareGPT,
  promptfoo,
  openAIEvals,
  alpaca,
  questionAnswer,
];

export function formatNamed(name: FormatName): DatasetFormat {
  return formats.find((format) => format.name === name)!;
}

/**
 * The format of a file by its first entry.
 * @throws InvalidInputError where it is none that is known
 */
export function recogniseFormat(entry: unknown, around: Around, where: string): DatasetFormat {
  const fields = (typeof entry === 'object' && entry !== null ? entry : {}) as Fields;
  const format = formats.find(({ recognises }) => recognises(fields, around));
  if (format) return format;
  const names = Object.keys(fields);
  if ('preferred_output' in fields || ('chosen' in fields && 'rejected' in fields))
    throw new InvalidInputError({
      domain: 'dataset',
      where,
      message: `${where} is a pair of replies of which one is preferred, and no question or example.`,
      hint: 'Train on such a file with `preferences`.',
    });
  throw new InvalidInputError({
    domain: 'dataset',
    where,
    message: `${where} is of no format that is known: it has ${names.length > 0 ? `the members ${names.join(', ')}` : 'no members'}.`,
    hint: `Name question and answer so, say which they are in \`columns\`, or give the format: ${formats.map(({ name }) => name).join(', ')}.`,
  });
}
