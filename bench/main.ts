/** `npm run bench -- NAME`: runs one measurement; without a name, lists them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => file.slice(0, -3));
const name = process.argv[2];
if (name === undefined || !names.includes(name)) {
  console.error(`Name a measurement: ${names.join(', ')}.`);
  process.exitCode = 1;
} else {
  process.argv.splice(2, 1);
  await import(pathToFileURL(join(import.meta.dirname, `${name}.ts`)).href);
}
