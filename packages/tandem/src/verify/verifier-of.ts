import type { Settings } from '../core/settings.ts';
import { overlapVerifier } from './overlap-verifier.ts';
import type { Verifier } from './verifier.ts';

/** What the settings name; undefined where nothing is to be checked. */
export function verifierOf({ verifier }: Pick<Settings['answer'], 'verifier'>): Verifier | undefined {
  if (verifier === 'none') return undefined;
  // Its methods' types are not known to settings, which know no rooms above them.
  return verifier === 'overlap' ? overlapVerifier() : (verifier as unknown as Verifier);
}
