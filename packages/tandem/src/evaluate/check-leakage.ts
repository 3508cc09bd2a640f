import { join, resolve } from 'node:path';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { type Case, type Example, exampleSchema } from '../core/types/example.ts';
import { trainingQuestions } from '../dataset/build-dataset.ts';
import { readJsonl } from '../dataset/jsonl.ts';
import { findLeakage } from '../dataset/leakage.ts';
import type { Parts } from '../parts/parts.ts';
import type { Provenance } from './comparison-result.ts';

/**
 * Refuses a comparison whose adapter was trained on what it would be tested with: the same group, question or answer, exactly or
 * nearly.
 */
export async function checkLeakage(
  parts: Pick<Parts, 'catalog' | 'dataDirectory'>,
  adapter: Adapter,
  cases: readonly Case[],
): Promise<Provenance['leakage']> {
  const record = await parts.catalog.datasets.get(adapter.lineage.datasetHash);
  if (!record) {
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'adapterId',
      message: `The dataset of adapter ${adapter.id} is not in the catalogue, so it cannot be checked that the cases were not trained on.`,
      hint: 'Compare an adapter that was trained here.',
    });
  }
  const path = resolve(parts.dataDirectory, record.path);
  const examples: Example[] = await readJsonl(
    path.endsWith('.jsonl') ? path : join(path, 'train.jsonl'),
    exampleSchema,
  );
  return refuseSeen(parts, examples, cases);
}

/**
 * The same for a head, which learns from the questions alone: those that may be trained on, as they stand now, and their other wordings.
 */
export async function checkHeadLeakage(
  parts: Pick<Parts, 'catalog' | 'material' | 'settings'>,
  cases: readonly Case[],
): Promise<Provenance['leakage']> {
  const questions = await trainingQuestions(parts);
  const examples = questions
    .filter(({ split }) => split === 'train')
    .flatMap(({ id, group, question, wordings = [] }): Example[] =>
      [question, ...wordings.map((wording) => wording.question)].map((asked) => ({
        messages: [
          { role: 'user', content: asked },
          { role: 'assistant', content: '-' },
        ],
        metadata: { id, ...(group !== undefined && { group }) },
      })),
    );
  return refuseSeen(parts, examples, cases);
}

async function refuseSeen(
  parts: Pick<Parts, 'catalog'>,
  examples: readonly Example[],
  cases: readonly Case[],
): Promise<Provenance['leakage']> {
  const documents: { id: string; text: string }[] = [];
  for await (const { id, text } of parts.catalog.documents.all()) documents.push({ id, text });
  const { findings } = findLeakage({ examples, cases, documents });
  if (findings.length > 0) {
    const first = findings[0]!;
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'cases',
      message: `${findings.length} ${findings.length === 1 ? 'case was' : 'cases were'} seen in training: case ${first.caseId} (${first.reason}).`,
      hint: 'Take those groups out of the training questions or out of the cases, and train again.',
    });
  }
  return { checkedExamples: examples.length, checkedCases: cases.length, findings: 0, reviewed: [] };
}
