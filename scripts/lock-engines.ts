/**
 * Takes out of package-lock.json which Node each dependency asks for. npm compares that with the Node that runs npm, and warns of each
 * that asks for more; here the dependencies are run by the Node that npm installs (`optionalDependencies`), which the test beside this
 * file compares with what they ask for. What the repository itself asks for stays.
 *
 *     npm install NAME && npm run lock
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const file = path.resolve(import.meta.dirname, '../package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, { engines?: unknown }> };
for (const [place, entry] of Object.entries(lock.packages)) if (place !== '') delete entry.engines;
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
