import type { LanguageModelV4 } from '@ai-sdk/provider';
import type { IndexedDocument } from '../../catalog/catalog.ts';
import { sha256 } from '../../core/hash.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { Settings } from '../../core/settings.ts';
import { overlapOf } from '../../core/span-overlap.ts';
import type { Case } from '../../core/types/example.ts';
import type { Parts } from '../../parts/parts.ts';
import { findLeakage } from '../leakage.ts';
import type { TrainingQuestion } from '../training-question.ts';
import { headingQuestion } from './heading-question.ts';
import { openingSpan, type Section, sectionsOf } from './sections.ts';
import { writeQuestion } from './written-question.ts';

/** Questions made of documents, and how many were made and not kept, by the reason. */
export interface DocumentQuestions {
  questions: TrainingQuestion[];
  dropped: Record<DropReason, number>;
}

/**
 * `not grounded`: a model's quotation does not stand in the text. `not verified`: asked its own question, it says something else. `not found`: a search for the question
 * does not bring its own passage. `held out`: a case asks it, or has its answer.
 */
export type DropReason = 'not grounded' | 'not verified' | 'not found' | 'held out';

type DocumentSettings = NonNullable<Settings['dataset']['documents']>;

/**
 * Makes training questions of the indexed documents: each asks for a span of one document's text, which is its expected answer. What a search for it does not find
 * is dropped, since nobody would find it either; so is what a held-out case is about.
 * @param cases never trained on
 */
export async function questionsFromDocuments(
  parts: Pick<Parts, 'catalog' | 'models' | 'settings' | 'retriever'>,
  { questions: by, perDocument, access }: DocumentSettings,
  options: { cases: readonly Case[]; signal?: AbortSignal; onProgress?: ProgressListener },
): Promise<DocumentQuestions> {
  const { catalog, models, settings } = parts;
  const { cases, signal, onProgress } = options;
  const retriever = await parts.retriever();
  const chat = by === 'model' ? await models.chat() : undefined;
  const admitted = (await catalog.documents.list()).filter((document) => access.includes(document.access));
  const made: DocumentQuestions = {
    questions: [],
    dropped: { 'not grounded': 0, 'not verified': 0, 'not found': 0, 'held out': 0 },
  };
  for (const [at, { id }] of admitted.entries()) {
    const document = await catalog.documents.get(id);
    if (!document) continue;
    let kept = 0;
    for (const section of sectionsOf(document)) {
      signal?.throwIfAborted();
      if (kept === perDocument) break;
      const asked = await questionOf(document, section, { chat, settings, signal });
      if (!asked) continue;
      if ('dropped' in asked) made.dropped[asked.dropped] += 1;
      else if (cases.some((held) => answersSameSpan(held, asked))) made.dropped['held out'] += 1;
      else if (!(await findsItself(asked))) made.dropped['not found'] += 1;
      else {
        made.questions.push(asked);
        kept += 1;
      }
    }
    onProgress?.({ stage: 'asking documents', done: at + 1, total: admitted.length, unit: 'documents' });
  }
  const leaking = findLeaking(made.questions, cases);
  made.dropped['held out'] += leaking.size;
  return { ...made, questions: made.questions.filter((_, at) => !leaking.has(at)) };

  /** The round trip: a search for the question brings the passage that it was made of. */
  async function findsItself({ question, source }: TrainingQuestion): Promise<boolean> {
    const { passages } = await retriever.retrieve(question, {
      k: settings.retrieve.k,
      ...(signal && { signal }),
    });
    return passages.some(
      (passage) => passage.documentId === source!.documentId && overlapOf(source!, passage) > 0,
    );
  }
}

async function questionOf(
  document: IndexedDocument,
  section: Section,
  {
    chat,
    settings,
    signal,
  }: { chat: LanguageModelV4 | undefined; settings: Settings; signal: AbortSignal | undefined },
): Promise<TrainingQuestion | { dropped: DropReason } | undefined> {
  if (!chat) {
    const span = openingSpan(document, section);
    return span && makeQuestion(document, headingQuestion(section), span, 'heading');
  }
  const { start } = section.body;
  const text = document.text.slice(start, Math.min(section.body.end, start + mostCharacters));
  const written = await writeQuestion(chat, { ...section, text }, settings, signal);
  if ('dropped' in written) return written;
  const span = { start: start + written.span.start, end: start + written.span.end };
  return makeQuestion(document, written.question, span, 'model');
}

/** Of a section that a model reads; a small one loses itself in more. */
const mostCharacters = 2000;

function makeQuestion(
  { id: documentId, text }: IndexedDocument,
  question: string,
  span: { start: number; end: number },
  foundBy: 'heading' | 'model',
): TrainingQuestion {
  const source = { documentId, ...span };
  return {
    id: `${documentId}#${sha256(`${question}\n${span.start}`).slice(0, 10)}`,
    // What stands in one document is on one side of any split.
    group: documentId,
    question,
    expected: text.slice(span.start, span.end),
    source,
    provenance: { spans: [source], foundBy },
  };
}

function answersSameSpan(held: Case, { source }: TrainingQuestion): boolean {
  return (
    held.source !== undefined &&
    held.source.documentId === source!.documentId &&
    overlapOf(held.source, source!) > 0 &&
    // A case whose source is a whole document is not about each of its sections.
    held.source.end - held.source.start < wholeDocument * (source!.end - source!.start)
  );
}

/** So many times the answer's length. */
const wholeDocument = 20;

/** Places of the questions that a case asks too, or that have its answer. */
function findLeaking(questions: readonly TrainingQuestion[], cases: readonly Case[]): ReadonlySet<number> {
  const examples = questions.map(({ question, expected }) => ({
    messages: [
      { role: 'user' as const, content: question },
      { role: 'assistant' as const, content: String(expected) },
    ],
  }));
  return new Set(findLeakage({ examples, cases }).findings.map(({ exampleIndex }) => exampleIndex));
}
