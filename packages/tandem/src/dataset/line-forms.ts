import { z } from 'zod';
import { valueAt } from '../answer/structured-output.ts';
import type { Settings } from '../core/settings.ts';
import { foldedWords } from '../text/words.ts';

/** How a project says that its sources have no answer: the sentence, and the field that it stands in where replies are JSON. */
export type Refusal = Pick<Settings['answer'], 'notInSources' | 'output'>;

/**
 * A schema for lines that people write. `expected` may be a list of texts that are all right: the first is expected, the others are accepted too.
 * It may be `null` where the sources have no answer; `answerable: false` says the same, beside fields that are expected all the same. Read, such
 * a line expects the project's own sentence for it, and has `answerable: false`; so has one that was written with that sentence.
 */
export function linesOfForm<Schema extends z.ZodType>(schema: Schema, refusal: Refusal) {
  return z.preprocess((written, context) => {
    if (typeof written !== 'object' || written === null || Array.isArray(written)) return written;
    const line = written as Line;
    const problem = contradictionIn(line, refusal);
    if (problem !== undefined)
      context.addIssue({ code: 'custom', path: ['answerable'], message: problem, input: line });
    return withAnswerable(withAccepted(line), refusal);
  }, schema);
}

type Line = Readonly<Record<string, unknown>>;

function withAccepted(line: Line): Line {
  if (!Array.isArray(line.expected)) return line;
  const [expected, ...others] = line.expected;
  const accepted = Array.isArray(line.accepted) ? line.accepted : [];
  return {
    ...line,
    expected,
    ...(others.length + accepted.length > 0 && { accepted: [...others, ...accepted] }),
  };
}

function withAnswerable(line: Line, refusal: Refusal): Line {
  if (saysNothing(line) || isRefusal(line.expected, refusal))
    return { ...line, expected: line.expected ?? refusal.notInSources, answerable: false };
  return line;
}

const saysNothing = ({ expected, answerable }: Line) => expected === null || answerable === false;

/** Whether the text that is expected is the sentence for it. */
function isRefusal(expected: unknown, { notInSources, output }: Refusal): boolean {
  const text = typeof expected === 'string' ? expected : output && valueAt(expected, output.textField);
  return typeof text === 'string' && foldedWords(text).join(' ') === foldedWords(notInSources).join(' ');
}

function contradictionIn({ expected, answerable, accepted }: Line, refusal: Refusal): string | undefined {
  const expectsText =
    typeof expected === 'string' ||
    Array.isArray(expected) ||
    accepted !== undefined ||
    (refusal.output !== undefined && valueAt(expected, refusal.output.textField) !== undefined);
  if (answerable === false && expectsText && !isRefusal(expected, refusal))
    return 'it is false, and yet an answer is expected';
  if (answerable === true && (expected === null || isRefusal(expected, refusal)))
    return 'it is true, and yet no answer is expected';
  return undefined;
}
