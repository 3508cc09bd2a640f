import { join } from 'node:path';

/** Card and weights of Tandem's verifier. */
export const verifierFolder = join(import.meta.dirname, '../../packages/tandem/src/models/tandem-verifier');
