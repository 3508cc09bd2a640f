/** Prints how large a production install is, and fails when CUDA builds have come in. */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

function bytes(path: string): number {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return 0;
  return entry.isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + bytes(join(path, name)), 0)
    : entry.size;
}

const development = [
  '@biomejs',
  'typescript',
  'vitest',
  'dependency-cruiser',
  '@rolldown',
  'vite',
  'fast-check',
  '@vitest',
];
const all = bytes('node_modules');
const tools = development
  .map((name) => join('node_modules', name))
  .filter(existsSync)
  .reduce((sum, path) => sum + bytes(path), 0);
console.log(
  `node_modules: ${(all / 1e6).toFixed(0)} MB, of which ${(tools / 1e6).toFixed(0)} MB are development tools`,
);

const llama = join('node_modules', '@node-llama-cpp');
const cuda = readdirSync(llama).filter(
  (name) => name.includes('cuda') && !lstatSync(join(llama, name)).isSymbolicLink(),
);
if (cuda.length > 0) {
  console.error(`CUDA builds were installed: ${cuda.join(', ')}`);
  process.exitCode = 1;
}
