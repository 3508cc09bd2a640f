import { isAbsolute, relative } from 'node:path';

/** `FILE:LINE` with the file's path from the project's folder, the same on every machine; what is no path stays. */
export function placeInProject(where: string, directory: string): string {
  return isAbsolute(where) ? relative(directory, where).split('\\').join('/') : where;
}
