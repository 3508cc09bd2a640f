import { z } from 'zod';
import type { Catalog } from '../catalog/catalog.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Document } from '../core/types/document.ts';
import { type Case, caseSchema } from '../core/types/example.ts';
import { headingText } from '../parse/markdown.ts';
import type { Lines } from '../parts/material.ts';
import { refuseContradictions } from './contradictions.ts';
import { linesOfForm, type Refusal } from './line-forms.ts';
import { describeMissing, type MissingPlace } from './missing-place.ts';
import { markSharedAnswers } from './shared-answers.ts';

/** In files the place of an answer may be a section's heading; offsets are looked up in the indexed document. */
const sourceReference = z.strictObject({
  documentId: z.string(),
  section: z.string().optional(),
  start: z.number().int().min(0).optional(),
  end: z.number().int().min(0).optional(),
});
export const caseLineSchema = caseSchema
  .omit({ source: true })
  .extend({ source: sourceReference.optional() });
type ReadLine = z.infer<typeof caseLineSchema>;
/** One held-out question as it is written: `expected` may be a list of texts that are all right, or `null` where the sources have no answer. */
export type CaseLine = Omit<ReadLine, 'expected'> & { expected?: ReadLine['expected'] | string[] | null };

/** A case for measuring retrieval: what it names as its source may not have been ingested, which is a failure like any other. */
export interface RetrievalCase extends Case {
  /** Its source, where the documents do not have that document or section; `source` is then absent. */
  notIndexed?: MissingPlace;
}

/** Where retrieval alone is measured, a question and the place of its answer are enough. */
const retrievalLineSchema = caseLineSchema.partial({ id: true, expected: true });
export type RetrievalLine = Omit<CaseLine, 'id'> & { id?: string };

/**
 * Reads held-out questions; see `Case`.
 * @param refusal how the project says that its sources have no answer
 * @throws InvalidInputError for a line that does not fit, two lines with one id, a source outside of its document, and two lines that
 *   expect contradicting answers to one question
 */
export async function readCases(
  given: Lines,
  documents: Catalog['documents'],
  refusal: Refusal,
): Promise<Case[]> {
  const placed = await given.readPlaced(linesOfForm(caseLineSchema, refusal));
  checkIds(placed);
  refuseContradictions(placed);
  const lines = placed.map(({ value }) => value);
  return markSharedAnswers(await resolveSources(lines, documents), lines, documents);
}

/**
 * The same for measuring retrieval, where a source that is not among the documents is a failure and not left out. A case may lack its
 * expected answer and its id; its id is then its place among the lines: `case 3`.
 */
export async function readRetrievalCases(
  given: Lines,
  documents: Catalog['documents'],
): Promise<RetrievalCase[]> {
  const placed = (await given.readPlaced(linesOfForm(retrievalLineSchema, noRefusal))).map(
    ({ value, where }, at) => ({
      value: { ...value, id: value.id ?? `case ${at + 1}`, expected: value.expected ?? '' },
      where,
    }),
  );
  checkIds(placed);
  const lines = placed.map(({ value }) => value);
  const resolved = await markSharedAnswers(await resolveSources(lines, documents), lines, documents);
  return Promise.all(
    resolved.map(async (each, at) => {
      const { source } = lines[at]!;
      return source && !each.source
        ? { ...each, notIndexed: await describeMissing(source, documents) }
        : each;
    }),
  );
}

/** Where answers are not looked at, it does not matter how a project says that there is none. */
const noRefusal: Refusal = { notInSources: '–' };

function checkIds(placed: readonly { value: { id: string }; where: string }[]): void {
  const seen = new Map<string, string>();
  for (const { value, where } of placed) {
    const { id } = value;
    const first = seen.get(id);
    if (first !== undefined) {
      throw new InvalidInputError({
        domain: 'dataset',
        where,
        message: `The id "${id}" is there twice: ${first} and ${where}.`,
        hint: 'Give each case an id of its own.',
      });
    }
    seen.set(id, where);
  }
}

/** Section headings become offsets. A source whose document or section is not indexed is left out: its text is not there to be read. */
export async function resolveSources(
  lines: readonly ReadLine[],
  documents: Catalog['documents'],
): Promise<Case[]> {
  const wanted = [...new Set(lines.flatMap(({ source }) => (source ? [source.documentId] : [])))];
  const found = await documents.getMany(wanted);
  return lines.map(({ source, ...rest }) => {
    const document = source && found.get(source.documentId);
    const span = document && spanOf(document, source);
    if (span && !(span.start < span.end && span.end <= document.text.length))
      throw new InvalidInputError({
        domain: 'dataset',
        where: rest.id,
        message: `The case ${rest.id} says that its answer stands from ${span.start} to ${span.end} of ${source.documentId}, whose text has ${document.text.length} characters.`,
        hint: "Give start and end as offsets into the document's text, as search results have them, start before end; or name the section.",
      });
    return span ? { ...rest, source: { documentId: source.documentId, ...span } } : rest;
  });
}

function spanOf(
  document: Document,
  source: z.infer<typeof sourceReference>,
): { start: number; end: number } | undefined {
  if (source.start !== undefined && source.end !== undefined) return { start: source.start, end: source.end };
  if (source.section === undefined) return { start: 0, end: document.text.length };
  return sectionSpan(document, source.section);
}

/** From a heading to the next of its level or above, the heading included; undefined when there is none of that name. */
export function sectionSpan(
  document: Pick<Document, 'text' | 'blocks'>,
  heading: string,
): { start: number; end: number } | undefined {
  const plain = (text: string) => text.replace(/\s+/g, ' ').trim().toLowerCase();
  // As it is written, marks and all, or as it is read.
  const wanted = new Set([plain(heading.replace(/^#+\s*/, '')), plain(headingText(heading))]);
  const headings = document.blocks.filter(({ kind }) => kind === 'heading');
  const index = headings.findIndex(({ start, end }) => {
    const written = document.text.slice(start, end);
    return wanted.has(plain(written.replace(/^#+\s*/, ''))) || wanted.has(plain(headingText(written)));
  });
  if (index < 0) return undefined;
  const level = headings[index]!.level ?? 1;
  const next = headings.slice(index + 1).find((other) => (other.level ?? 1) <= level);
  return { start: headings[index]!.start, end: next?.start ?? document.text.length };
}
