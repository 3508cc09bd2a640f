import { z } from 'zod';
import { isLearnt, textOfMessage } from '../../core/chat-message.ts';
import { type Provenance, provenanceSchema } from '../../core/types/example.ts';

/** An example, a question with its answer, or a case, as checks look at it. */
export interface LintItem {
  /** `FILE:LINE`. */
  where: string;
  file: string;
  split: 'train' | 'validation' | 'cases';
  /** A conversation, or a question with an answer: the answer is then the only reply. */
  form: 'example' | 'question';
  id?: string;
  group?: string;
  kind?: string;
  messages: LintMessage[];
  /** Of a question: other answers that are right as well. */
  accepted: string[];
  /** Documents that it says it was made from. */
  documentIds: string[];
  provenance?: Provenance;
  /** As the file has it, in Tandem's form. */
  line: Readonly<Record<string, unknown>>;
}

/** A turn of a conversation. */
export interface LintMessage {
  role: string;
  text: string;
  /** A reply that is trained on. */
  isLearnt: boolean;
}

const lenientMessage = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()]).optional(),
  weight: z.union([z.literal(0), z.literal(1), z.null()]).optional(),
});
const lenientLine = z.looseObject({
  messages: z.array(lenientMessage).optional(),
  question: z.string().optional(),
  metadata: z
    .looseObject({
      id: z.string(),
      group: z.string(),
      kind: z.string(),
      documentId: z.string(),
      provenance: provenanceSchema,
    })
    .partial()
    .optional(),
  id: z.string().optional(),
  group: z.string().optional(),
  kind: z.string().optional(),
  source: z.looseObject({ documentId: z.string() }).optional(),
});

/**
 * An entry of a file as an item, however little of it is right; undefined where there is nothing to look at. What is wrong with its form is the schema's to say.
 */
export function itemOf(
  line: Readonly<Record<string, unknown>>,
  place: Pick<LintItem, 'where' | 'file' | 'split'>,
): LintItem | undefined {
  const parsed = lenientLine.safeParse(line);
  if (!parsed.success) return undefined;
  const { messages, question, metadata, source, ...own } = parsed.data;
  const { id = own.id, group = own.group, kind = own.kind } = metadata ?? {};
  const { provenance } = metadata ?? {};
  const said = {
    ...place,
    ...(id !== undefined && { id }),
    ...(group !== undefined && { group }),
    ...(kind !== undefined && { kind }),
    ...(provenance && { provenance }),
    documentIds: [
      ...new Set([
        ...(metadata?.documentId === undefined ? [] : [metadata.documentId]),
        ...(source ? [source.documentId] : []),
        ...(provenance?.spans ?? []).map(({ documentId }) => documentId),
      ]),
    ],
    line,
  };
  if (messages)
    return {
      ...said,
      form: 'example',
      messages: messages.map((message) => ({
        role: message.role,
        text: textOfMessage(message),
        isLearnt: isLearnt(message),
      })),
      accepted: [],
    };
  if (question === undefined) return undefined;
  const [answer, ...others] = Array.isArray(line.expected) ? line.expected : [line.expected];
  const accepted = [...others, ...(Array.isArray(line.accepted) ? line.accepted : [])].filter(isText);
  return {
    ...said,
    form: 'question',
    messages: [
      { role: 'user', text: question, isLearnt: false },
      ...(answer === undefined
        ? []
        : [{ role: 'assistant', text: isText(answer) ? answer : JSON.stringify(answer), isLearnt: true }]),
    ],
    accepted,
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** The replies that are trained on. */
export function learntReplies({ messages }: Pick<LintItem, 'messages'>): string[] {
  return messages.filter(({ isLearnt: learnt }) => learnt).map(({ text }) => text);
}

/** What the user says last before the last reply: the question. */
export function questionOf({ messages }: Pick<LintItem, 'messages'>): string {
  return messages.findLast(({ role }) => role === 'user')?.text ?? '';
}

/** What the model is shown before its last reply. */
export function shownBefore({ messages }: Pick<LintItem, 'messages'>): string {
  return messages
    .slice(0, -1)
    .map(({ text }) => text)
    .join('\n');
}

/** Equal but for white space and how letters with accents are written. */
export function sameText(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}
