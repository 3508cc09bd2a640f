import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { analysisOf } from './analysis.ts';
import { functionWordsByLanguage } from './function-words-by-language.ts';

const repository = join(import.meta.dirname, ...['..', '..', '..', '..']);
const names = {
  ar: 'arabic',
  ca: 'catalan',
  cs: 'czech',
  da: 'danish',
  de: 'german',
  el: 'greek',
  es: 'spanish',
  fa: 'persian',
  fi: 'finnish',
  fr: 'french',
  hi: 'hindi',
  hu: 'hungarian',
  id: 'indonesian',
  it: 'italian',
  nl: 'dutch',
  no: 'norwegian',
  pl: 'polish',
  pt: 'portuguese',
  ro: 'romanian',
  ru: 'russian',
  sv: 'swedish',
  tr: 'turkish',
};

/** As Snowball's own package for Python stems them; `.ci/prepare-vector-servers` installs it. */
function stemsOfSnowball(language: string, words: readonly string[]): string[] {
  const python = join(repository, 'node_modules', '.cache', 'vector-servers', 'bin', 'python');
  const program = `import json, sys, snowballstemmer
print(json.dumps(snowballstemmer.stemmer("${language}").stemWords(json.load(sys.stdin))))`;
  return JSON.parse(
    execFileSync(python, ['-c', program], { input: JSON.stringify(words), encoding: 'utf8', maxBuffer: 1e8 }),
  );
}

/** Words of the language, and some of them with each ending that its stemmer knows, and with two. */
function wordsOf(language: keyof typeof names): string[] {
  const own = functionWordsByLanguage[language]!;
  const source = readFileSync(join(import.meta.dirname, 'snowball', `${names[language]}.ts`), 'utf8');
  const endings = [...source.matchAll(/^ {4}\["((?:[^"\\]|\\u[\dA-F]{4})+)", /gm)].map(
    ([, ending]) => JSON.parse(`"${ending}"`) as string,
  );
  const roots = [...own].sort((a, b) => b.length - a.length || (a < b ? -1 : 1)).slice(0, 12);
  const made = roots.flatMap((root, i) =>
    endings.flatMap((ending, j) => [root + ending, root + endings[(7 * j + i) % endings.length]! + ending]),
  );
  return [...new Set([...own, ...made])];
}

describe('words are stemmed as Snowball stems them', () => {
  test.each(Object.entries(names) as [keyof typeof names, string][])('%s', (language, name) => {
    const words = wordsOf(language);
    const expected = stemsOfSnowball(name, words);
    const different = words
      .map((word, at) => ({ word, stem: analysisOf(language).stem(word), expected: expected[at] }))
      .filter(({ stem, expected }) => stem !== expected);
    expect(words.length).toBeGreaterThan(500);
    expect(different).toEqual([]);
  });
});
