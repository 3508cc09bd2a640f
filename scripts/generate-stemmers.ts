/**
 * Writes `packages/tandem/src/text/snowball/`: Snowball's stemmers as its own compiler gives them in JavaScript, so that they agree with
 * Snowball's other packages word for word (`text/snowball.servers.test.ts`). No package on npm has them as they are since Snowball 3.
 *
 *     git clone --branch v3.1.1 https://github.com/snowballstem/snowball && make -C snowball snowball
 *     node scripts/generate-stemmers.ts snowball
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const languages =
  'arabic catalan czech danish dutch finnish french german greek hindi hungarian indonesian italian norwegian persian polish portuguese romanian russian spanish swedish turkish'.split(
    ' ',
  );

const [checkout] = process.argv.slice(2);
if (checkout === undefined) throw new Error('Name the folder that Snowball was cloned to and built in.');
const folder = resolve(import.meta.dirname, '../packages/tandem/src/text/snowball');
const made = mkdtempSync(join(tmpdir(), 'stemmers-'));
try {
  const licence = readFileSync(join(checkout, 'COPYING'), 'utf8').trim().split('\n');
  const notice = ['/*!', ...licence.map((line) => ` * ${line}`.trimEnd()), ' */'].join('\n');
  const write = (name: string, code: string) =>
    writeFileSync(
      join(folder, `${name}.ts`),
      `// @ts-nocheck: written by scripts/generate-stemmers.ts, not by hand.\n${code.replace('./base-stemmer.js', './base-stemmer.ts')}`,
    );
  const base = readFileSync(join(checkout, 'javascript', 'base-stemmer.js'), 'utf8');
  write('base-stemmer', `${notice}\n${base.replace('// @ts-check\n', '')}`);
  for (const language of languages) {
    execFileSync(join(checkout, 'snowball'), [
      join(checkout, 'algorithms', `${language}.sbl`),
      '-js',
      '-o',
      join(made, language),
    ]);
    write(language, readFileSync(join(made, `${language}.js`), 'utf8'));
  }
} finally {
  rmSync(made, { recursive: true });
}
