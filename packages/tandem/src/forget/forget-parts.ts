import type { Parts } from '../parts/parts.ts';

/** The parts that a document is forgotten in. */
export type ForgetParts = Pick<
  Parts,
  'catalog' | 'store' | 'material' | 'directory' | 'dataDirectory' | 'whileOpen'
>;
