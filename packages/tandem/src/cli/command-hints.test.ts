import type { Command } from 'commander';
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
