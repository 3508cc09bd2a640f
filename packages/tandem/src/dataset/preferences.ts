import { canonicalJson, sha256 } from '../core/hash.ts';
import { type Preference, preferenceSchema } from '../core/types/preference.ts';
import { readPlacedJsonl } from './jsonl.ts';

export interface PreferenceDataset {
  /** SHA-256 of the pairs' canonical JSONL. */
  id: string;
  /** Each with `FILE:LINE`, where it stands. */
  train: { preference: Preference; where: string }[];
  /** A tenth of the conversations where there are at least 20 pairs, chosen by their hash: no conversation is in both. */
  validation: { preference: Preference; where: string }[];
}

/** @throws InvalidInputError naming file and line. */
export async function readPreferenceFile(path: string): Promise<PreferenceDataset> {
  const lines = await readPlacedJsonl(path, preferenceSchema);
  const heldOut = (preference: Preference) =>
    lines.length >= 20 && Number.parseInt(sha256(canonicalJson(preference.input)).slice(0, 4), 16) % 10 === 0;
  const placed = lines.map(({ value, where }) => ({ preference: value, where }));
  return {
    id: sha256(placed.map(({ preference }) => `${canonicalJson(preference)}\n`).join('')),
    train: placed.filter(({ preference }) => !heldOut(preference)),
    validation: placed.filter(({ preference }) => heldOut(preference)),
  };
}
