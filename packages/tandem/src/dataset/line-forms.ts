import { z } from 'zod';
import { valueAt } from '../answer/structured-output.ts';
import type { Settings } from '../core/settings.ts';
import type { Outcome } from '../core/types/outcome.ts';
import { foldedWords } from '../text/words.ts';

/** How a project says that its sources have no answer: the sentence, and the field that it stands in where replies are JSON. */
export type Refusal = Pick<Settings['answer'], 'notInSources' | 'output'>;

/**
 * A schema for lines that people write. `expected` may be a list of texts that are all right: the first is expected, the others are accepted too.
 * It may be `null` where the sources have no answer; `answerable: false` and the outcome `not in the sources` say the same, beside fields that are expected all the same. Read, such
 * a line expects the project's own sentence for it, and has `answerable: false`; so has one that was written with that sentence.
 */
export function linesOfForm<Schema extends z.ZodType>(schema: Schema, refusal: Refusal) {
  return z.preprocess((written, context) => {
    if (typeof written !== 'object' || written === null || Array.isArray(written)) return written;
    const line = written as Line;
    const contradiction = contradictionIn(line, refusal);
    if (contradiction) context.addIssue({ code: 'custom', ...contradiction, input: line });
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

const saysNothing = ({ expected, answerable, outcome }: Line) =>
  expected === null || answerable === false || outcome === refused;

const refused: Outcome = 'not in the sources';

/** Whether the text that is expected is the sentence for it. */
function isRefusal(expected: unknown, { notInSources, output }: Refusal): boolean {
  const text = typeof expected === 'string' ? expected : output && valueAt(expected, output.textField);
  return typeof text === 'string' && foldedWords(text).join(' ') === foldedWords(notInSources).join(' ');
}

function contradictionIn(
  { expected, answerable, accepted, outcome }: Line,
  refusal: Refusal,
): { path: [string]; message: string } | undefined {
  const isRefused = isRefusal(expected, refusal);
  const expectsText =
    typeof expected === 'string' ||
    Array.isArray(expected) ||
    accepted !== undefined ||
    (refusal.output !== undefined && valueAt(expected, refusal.output.textField) !== undefined);
  const wrong = (member: string, message: string) => ({ path: [member] as [string], message });
  if (answerable === false && expectsText && !isRefused)
    return wrong('answerable', 'it is false, and yet an answer is expected');
  if (answerable === true && (expected === null || isRefused))
    return wrong('answerable', 'it is true, and yet no answer is expected');
  if (outcome === refused && (answerable === true || (expectsText && !isRefused)))
    return wrong('outcome', `it is ${refused}, and yet an answer is expected`);
  if (
    typeof outcome === 'string' &&
    outcome !== refused &&
    (expected === null || answerable === false || isRefused)
  )
    return wrong('outcome', `it is ${outcome}, and yet no answer is expected`);
  return undefined;
}
