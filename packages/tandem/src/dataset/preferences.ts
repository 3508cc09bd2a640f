import { canonicalJson, sha256 } from '../core/hash.ts';
import { type Preference, preferenceSchema } from '../core/types/preference.ts';
import { type PlacedLine, readPlacedJsonl } from './jsonl.ts';

export interface PreferenceDataset {
  /** SHA-256 of the pairs' canonical JSONL. */
  id: string;
  /** Each with `FILE:LINE`, where it stands. */
  train: { preference: Preference; where: string }[];
  /** A tenth of the conversations where there are at least 20 pairs, chosen by their hash: no conversation is in both. */
  validation: { preference: Preference; where: string }[];
}

/**
 * @param validationPath a file of the pairs to measure on; then all of `path` are trained on
 * @throws InvalidInputError naming file and line.
 */
export async function readPreferenceFile(path: string, validationPath?: string): Promise<PreferenceDataset> {
  const lines = await readPlacedJsonl(path, preferenceSchema);
  if (validationPath !== undefined) {
    const measured = await readPlacedJsonl(validationPath, preferenceSchema);
    return { id: idOf([...lines, ...measured]), train: lines.map(placed), validation: measured.map(placed) };
  }
  const heldOut = (preference: Preference) =>
    lines.length >= 20 && Number.parseInt(sha256(canonicalJson(preference.input)).slice(0, 4), 16) % 10 === 0;
  const pairs = lines.map(placed);
  return {
    id: idOf(lines),
    train: pairs.filter(({ preference }) => !heldOut(preference)),
    validation: pairs.filter(({ preference }) => heldOut(preference)),
  };
}

const placed = ({ value, where }: PlacedLine<Preference>) => ({ preference: value, where });

const idOf = (lines: readonly PlacedLine<Preference>[]) =>
  sha256(lines.map(({ value }) => `${canonicalJson(value)}\n`).join(''));
