/** Prints how large a production install is, and fails when CUDA builds have come in. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of a package without those that lie inside it. */
function bytes(path: string): number {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return 0;
  if (!entry.isDirectory()) return entry.size;
  const names = readdirSync(path).filter((name) => name !== 'node_modules');
  return names.reduce((sum, name) => sum + bytes(join(path, name)), 0);
}

// npm marks what is here only for development (`dev`), and what is that or a driver someone may choose to add (`devOptional`).
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
};
const sizes = { always: 0, tools: 0, optional: 0 };
for (const [path, { dev, devOptional }] of Object.entries(lock.packages)) {
  if (!path.includes('node_modules/') || !existsSync(path)) continue;
  sizes[dev ? 'tools' : devOptional ? 'optional' : 'always'] += bytes(path);
}
const megabytes = (size: number) => `${(size / 1e6).toFixed(0)} MB`;
console.log(
  `Production install: ${megabytes(sizes.always)}. Beside it here: ${megabytes(sizes.tools)} of development tools, ${megabytes(sizes.optional)} of optional drivers and what the tests have of them.`,
);

const llama = join('node_modules', '@node-llama-cpp');
const cuda = readdirSync(llama).filter(
  (name) => name.includes('cuda') && !lstatSync(join(llama, name)).isSymbolicLink(),
);
if (cuda.length > 0) {
  console.error(`CUDA builds were installed: ${cuda.join(', ')}`);
  process.exitCode = 1;
}
