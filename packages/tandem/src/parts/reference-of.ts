import { relative } from 'node:path';
import type { Parts } from './parts.ts';

/** A folder below the project's as a setting names it, on any system: `./.tandem/rankings/…`; a model's behind `local:`. */
export const referenceOf = ({ directory }: Pick<Parts, 'directory'>, folder: string): string =>
  `./${relative(directory, folder).replaceAll('\\', '/')}`;
