import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { IndexMissingError } from '../core/errors/index-missing-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { hintOnCommandLine, namedInHints } from './command-hints.ts';
import { createProgram } from './program.ts';

describe('what to type', () => {
  test('is added by the command line alone', () => {
    const missing = new IndexMissingError({ domain: 'retrieve', message: 'Nothing has been ingested yet.' });
    expect(missing.hint).not.toContain('tandem');
    expect(hintOnCommandLine(missing)).toMatch(
      /^Ingest the documents; .* On the command line: `tandem ingest`\.$/,
    );
    const option = new InvalidInputError({
      domain: 'tune',
      where: 'from',
      message: 'x',
      hint: 'Give an id.',
    });
    expect(hintOnCommandLine(option)).toBe('Give an id. On the command line: `--from ADAPTER`.');
    const other = new InvalidInputError({ domain: 'tune', where: 'seed', message: 'x', hint: 'Mend it.' });
    expect(hintOnCommandLine(other)).toBe('Mend it.');
  });

  test('names verbs and flags that there are', () => {
    const program = createProgram(new AbortController().signal);
    const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
    const commands = all(program);
    const flags = new Set(commands.flatMap(({ options }) => options.map(({ long }) => long?.slice(2))));
    const verbs = new Set(commands.map((command) => command.name()));
    const named = namedInHints();
    expect(named.flags.filter((flag) => !flags.has(flag))).toEqual([]);
    expect(named.verbs.filter((verb) => !verbs.has(verb))).toEqual([]);
    expect(named.flags.length).toBeGreaterThan(10);
  });
});

/** Texts that are written for users of the command line, whichever folder they come from: cards of what was trained, a project's first config. */
const forReaders = [
  'tune/adapter-card.ts',
  'tune/head/head-card.ts',
  'tune/encoders/tune-embedder.ts',
  'tune/encoders/tune-reranker.ts',
  'project/init-project.ts',
  // Read in the report.
  'evaluate/metrics/sources.ts',
  // CSS, whose variables look like flags.
  'evaluate/report/style.ts',
];

test('below the command line no text names a command or a flag of it', () => {
  const root = path.resolve(import.meta.dirname, '..');
  const flags = new Set(
    createProgram(new AbortController().signal)
      .commands.flatMap((command) => [command, ...command.commands])
      .flatMap(({ options }) => options.flatMap(({ long }) => long ?? [])),
  );
  const verbs = createProgram(new AbortController().signal).commands.map((command) => command.name());
  const command = new RegExp(`\\btandem (?:${verbs.join('|')})\\b`);
  const found: string[] = [];
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (
      !file.endsWith('.ts') ||
      /\.(?:test|fixture)\.ts$|^cli\/|\/fixtures\//.test(file) ||
      forReaders.includes(file)
    )
      continue;
    const source = ts.createSourceFile(
      file,
      readFileSync(path.join(root, file), 'utf8'),
      ts.ScriptTarget.Latest,
    );
    const visit = (node: ts.Node) => {
      if (
        ts.isStringLiteralLike(node) ||
        ts.isTemplateHead(node) ||
        ts.isTemplateMiddle(node) ||
        ts.isTemplateTail(node)
      ) {
        const { text } = node;
        const flag = text.match(/(?<![\w-])--[a-z][a-z-]+/g)?.find((each) => flags.has(each));
        // A sentence; what is handed to another program is a word of its own.
        if (text.includes(' ') && (command.test(text) || flag)) found.push(`${file}: ${text}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  expect(found).toEqual([]);
});
