import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { Adapter } from '../../core/types/adapter.ts';
import type { Case } from '../../core/types/example.ts';
import { validationCases } from '../../dataset/build-dataset.ts';
import { type CaseLine, readCases } from '../../dataset/cases.ts';
import { type GivenLines, linesOf } from '../../dataset/material.ts';
import { splitsOf } from '../../dataset/split.ts';
import type { Parts } from '../../parts/parts.ts';
import { checkHeadLeakage, checkLeakage } from '../check-leakage.ts';
import { sampleCases } from '../sample-cases.ts';
import type { SelectedCases } from './step-data.ts';

/** Which questions a comparison is to ask. */
export interface CaseSelection {
  /** A file of cases, or the cases. Default: the parts' own. */
  cases?: GivenLines<CaseLine>;
  /** At most so many cases of each kind. Default: all. */
  casesPerKind?: number;
  /** At most so many validation cases. */
  validationCases: number;
  seed: number;
  /** Of the trained arms, where there are some: what they were trained on is no case. */
  adapters: readonly Adapter[];
  /** Whether a head, which was trained on the training questions, is asked too. */
  head?: boolean;
}

/**
 * Reads the held-out cases, draws a sample of them by the seed, and makes sure that none of them was trained on.
 * @throws InvalidInputError where there are none, or where the adapter or the head was trained on one of them
 */
export async function selectCases(
  selection: CaseSelection,
  parts: Pick<Parts, 'catalog' | 'material' | 'settings' | 'dataDirectory'>,
): Promise<SelectedCases> {
  const { casesPerKind, seed, adapters, head } = selection;
  const heldOut = await readHeldOutCases(selection, parts);
  const cases = sampleCases(heldOut, { count: casesPerKind, seed, of: 'each kind' });
  const ofHead = head ? await checkHeadLeakage(parts, cases) : undefined;
  let leakage = ofHead;
  for (const adapter of adapters) leakage = await checkLeakage(parts, adapter, cases);
  const validation = sampleCases(await validationCases(parts), {
    count: selection.validationCases,
    seed,
    of: 'all',
  });
  return { cases, validation, ...(leakage && { leakage }) };
}

async function readHeldOutCases(
  { cases, adapters, head }: CaseSelection,
  { material, catalog, settings }: Pick<Parts, 'catalog' | 'material' | 'settings'>,
): Promise<Case[]> {
  const given = cases === undefined ? material.cases : linesOf(cases, 'cases');
  if (given !== undefined) return readCases(given, catalog.documents, settings.answer);
  const { qa } = material;
  if (qa === undefined) {
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'cases',
      message: 'There are no held-out questions to compare on.',
      hint: 'Give cases ({id, question, expected}; in a config: dataset.cases).',
    });
  }
  const all = await readCases(qa, catalog.documents, settings.answer);
  // Without a trained arm nothing was learnt from these questions, and all of them can be asked.
  const splits = splitsOf(all);
  const heldOut = adapters.length > 0 || head ? all.filter((_, at) => splits[at] === 'cases') : all;
  if (heldOut.length > 0) return heldOut;
  throw new InvalidInputError({
    domain: 'evaluate',
    where: 'qa',
    message: `Of the ${all.length} questions${qa.file === undefined ? '' : ` in ${qa.file}`} none is held out.`,
    hint: 'Give more questions, or held-out cases.',
  });
}
