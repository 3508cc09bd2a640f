import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withoutEnglishEnding } from './english-stemmer.ts';

const repository = join(import.meta.dirname, ...['..', '..', '..', '..']);

/** As Snowball's own package for Python stems them; `.ci/prepare-vector-servers` installs it. */
function stemsOfSnowball(words: readonly string[]): string[] {
  const python = join(repository, 'node_modules', '.cache', 'vector-servers', 'bin', 'python');
  const program = `import json, sys, snowballstemmer
print(json.dumps(snowballstemmer.stemmer("english").stemWords(json.load(sys.stdin))))`;
  return JSON.parse(
    execFileSync(python, ['-c', program], { input: JSON.stringify(words), encoding: 'utf8', maxBuffer: 1e8 }),
  );
}

test('words are stemmed as Snowball stems them', () => {
  const folder = join(repository, 'examples', 'clinic', 'documents');
  const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8').toLowerCase());
  const read = texts.flatMap((text) => text.match(/[\p{L}\p{N}]+/gu) ?? []);
  // Endings upon endings, which no text has: every rule meets every other.
  const roots = [
    'arsen',
    'commun',
    'even',
    'exc',
    'gener',
    'hop',
    'inter',
    'organ',
    'past',
    'proc',
    'ski',
    'y',
    'é',
  ];
  const endings =
    'al ate ation ative bl ed eed eedly ement er es ful ible ical ied ing ingly ion ist ity ize ly ment ness ogist ous s sses us y'.split(
      ' ',
    );
  const made = roots.flatMap((root) =>
    endings.flatMap((first) => [root + first, ...endings.map((second) => root + first + second)]),
  );
  const words = [...new Set([...read, ...made])];
  const expected = stemsOfSnowball(words);
  const different = words
    .map((word, at) => ({ word, stem: withoutEnglishEnding(word), expected: expected[at] }))
    .filter(({ stem, expected }) => stem !== expected);
  expect(words.length).toBeGreaterThan(15_000);
  expect(different).toEqual([]);
});
