import { join } from 'node:path';

/** Card and weights of Tandem's reranker. */
export const rerankerFolder = join(import.meta.dirname, '../../packages/tandem/src/models/tandem-reranker');
