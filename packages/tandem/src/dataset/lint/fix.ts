import { existsSync } from 'node:fs';
import { counted } from '../../core/counted.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { writeAtomically } from '../../parts/write-atomically.ts';
import { repeatedItems } from './exact-duplicates.ts';
import type { LintItem } from './items.ts';

/** What was mended, and where it was written. */
export interface Fixed {
  file: string;
  entries: number;
  /** Sentences, one for each kind of change. Empty: the new file says the same in Tandem's own form. */
  changes: string[];
}

/** Special tokens that end or begin a turn, at the very end or beginning of a text, where they are no part of what is said. */
const edgeTokens =
  /^(?:<\|(?:im_start|start_header_id|begin_of_text)\|>(?:system|user|assistant)?(?:<\|end_header_id\|>)?|<s>|<bos>|<start_of_turn>(?:user|model)?)\s*|\s*(?:<\|(?:im_end|eot_id|endoftext|end_of_text|end)\|>|<\/s>|<eos>|<end_of_turn>)$/gu;

/**
 * Writes what can be read of a file as JSON Lines in Tandem's own form to `FILE.fixed.jsonl`, with what loses nothing mended: entries that are word for word the same come once,
 * white space around texts is gone, and so are tokens of a template at the edge of one. All else is left as it is, for a person to decide.
 * @throws InvalidInputError where that file is there already
 */
export async function fixFile(
  path: string,
  { items, entries }: { items: readonly LintItem[]; entries: number },
): Promise<Fixed> {
  const file = `${path.replace(/\.[^./\\]+$/, '')}.fixed.jsonl`;
  if (existsSync(file))
    throw new InvalidInputError({
      domain: 'dataset',
      where: file,
      message: `${file} is there already, and is not written over.`,
      hint: 'Move or remove it, and try again.',
    });
  const counts = { trimmed: 0, tokens: 0 };
  const mend = (text: string): string => {
    let mended = text;
    // Several may follow each other.
    for (let before = ''; before !== mended; ) {
      before = mended;
      mended = mended.replace(edgeTokens, '');
    }
    if (mended !== text) counts.tokens += 1;
    const trimmed = mended.trim();
    if (trimmed !== mended && trimmed !== '') counts.trimmed += 1;
    return trimmed === '' ? text : trimmed;
  };
  const repeated = new Set(repeatedItems(items).map(({ item }) => item));
  const lines = items.filter((item) => !repeated.has(item)).map(({ line }) => withTexts(line, mend));
  await writeAtomically(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const unread = entries - items.length;
  return {
    file,
    entries: lines.length,
    changes: [
      ...(unread > 0 ? [`left out ${entriesOf(unread)} that cannot be read`] : []),
      ...(repeated.size > 0
        ? [`left out ${entriesOf(repeated.size)} word for word the same as an earlier one`]
        : []),
      ...(counts.tokens > 0
        ? [`took template tokens off the edges of ${counted(counts.tokens, 'text')}`]
        : []),
      ...(counts.trimmed > 0 ? [`took white space off the edges of ${counted(counts.trimmed, 'text')}`] : []),
    ],
  };
}

const entriesOf = (count: number) => (count === 1 ? '1 entry' : `${count} entries`);

/** The texts that are said: contents of messages, question, answers. */
function withTexts(
  line: Readonly<Record<string, unknown>>,
  mend: (text: string) => string,
): Record<string, unknown> {
  const { messages, question, expected } = line;
  const each = (value: unknown) => (typeof value === 'string' ? mend(value) : value);
  return {
    ...line,
    ...(Array.isArray(messages) && {
      messages: messages.map((message: Record<string, unknown>) => ({
        ...message,
        ...('content' in message && { content: each(message.content) }),
      })),
    }),
    ...(question !== undefined && { question: each(question) }),
    ...(expected !== undefined && {
      expected: Array.isArray(expected) ? expected.map(each) : each(expected),
    }),
  };
}
