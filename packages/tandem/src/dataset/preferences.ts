import { canonicalJson, sha256 } from '../core/hash.ts';
import { type Preference, preferenceSchema } from '../core/types/preference.ts';
import { readJsonl } from './jsonl.ts';

export interface PreferenceDataset {
  /** SHA-256 of the pairs' canonical JSONL. */
  id: string;
  train: { preference: Preference; line: number }[];
  /** A tenth of the conversations where there are at least 20 pairs, chosen by their hash: no conversation is in both. */
  validation: { preference: Preference; line: number }[];
}

/** @throws InvalidInputError naming file and line. */
export async function readPreferenceFile(path: string): Promise<PreferenceDataset> {
  const preferences = await readJsonl(path, preferenceSchema);
  const heldOut = (preference: Preference) =>
    preferences.length >= 20 &&
    Number.parseInt(sha256(canonicalJson(preference.input)).slice(0, 4), 16) % 10 === 0;
  const numbered = preferences.map((preference, index) => ({ preference, line: index + 1 }));
  return {
    id: sha256(preferences.map((preference) => `${canonicalJson(preference)}\n`).join('')),
    train: numbered.filter(({ preference }) => !heldOut(preference)),
    validation: numbered.filter(({ preference }) => heldOut(preference)),
  };
}
