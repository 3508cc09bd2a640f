import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { GgufFile } from './formats/gguf.ts';
import * as nn from './index.ts';

// That its README's example runs, as a user has it, is tested with the package that is published: scripts/build-packages.slow.test.ts.

const root = resolve(import.meta.dirname, '..');

const reference = await readFile(resolve(root, '../../docs/nn.md'), 'utf8');
const exported = new Map<string, unknown>([...Object.entries(nn), ...Object.entries(nn.graph)]);

test('the reference describes every export', () => {
  // In a table's first cell, or in a sentence: as code in any case.
  const code = reference.match(/`[^`\n]+`/g)!.join(' ');
  const missing = [...exported.keys()].filter((name) => !new RegExp(`\\b${name}\\b`).test(code));
  expect(missing).toEqual([]);
});

test('the reference names no function, method or class that does not exist', async () => {
  const classes = [GgufFile, ...exported.values()].filter(
    (value) => typeof value === 'function' && value.prototype,
  );
  const members = classes.flatMap((value) => [
    ...Object.getOwnPropertyNames(value),
    ...Object.getOwnPropertyNames((value as { prototype: object }).prototype),
  ]);
  const called = [...reference.matchAll(/`(?:(\w+)\.)?(\w+)\(/g)];
  expect(called.length).toBeGreaterThan(90);
  // A session is an interface, `onTruncated` an option: neither is there to be looked up.
  const known = new Set([...exported.keys(), ...members, 'run', 'onTruncated']);
  expect(called.map(([, , name]) => name!).filter((name) => !known.has(name))).toEqual([]);

  const sources = await Promise.all(
    (await readdir(join(root, 'src'), { recursive: true }))
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => readFile(join(root, 'src', file), 'utf8')),
  );
  const types = new Set(
    sources.flatMap((text) =>
      [...text.matchAll(/^export (?:interface|type|class) (\w+)/gm)].map(([, name]) => name!),
    ),
  );
  const named = [...reference.matchAll(/`([A-Z][a-z]+(?:[A-Z]\w*)+)`/g)].map(([, name]) => name!);
  const builtIn = ['Float32Array'];
  expect(named.filter((name) => !types.has(name) && !builtIn.includes(name))).toEqual([]);
});

test('the reference tells the defaults that are', () => {
  const told = (name: string) => new RegExp(`^\\| \`${name}\` \\| ([^|]+) \\|`, 'm').exec(reference)?.[1];
  const { targetModules, ...fixed } = nn.defaultHyperparameters;
  expect(told('targetModules')).toBe('all seven');
  expect(targetModules).toHaveLength(7);
  for (const [name, value] of Object.entries(fixed)) expect(told(name), name).toBe(String(value));
});

test('every export has a docstring', () => {
  const index = join(root, 'src/index.ts');
  const config = ts.readConfigFile(resolve(root, '../../tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const program = ts.createProgram([index], options);
  const checker = program.getTypeChecker();
  const exportsOf = (module: ts.Symbol): ts.Symbol[] =>
    checker
      .getExportsOfModule(module)
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
      .flatMap((symbol) => (symbol.flags & ts.SymbolFlags.ValueModule ? exportsOf(symbol) : symbol));
  const symbols = exportsOf(checker.getSymbolAtLocation(program.getSourceFile(index)!)!);
  expect(symbols.length).toBeGreaterThan(180);
  // A docstring may be all tags, such as `@throws`.
  const bare = symbols.filter(
    (symbol) =>
      symbol.getDocumentationComment(checker).length === 0 && symbol.getJsDocTags(checker).length === 0,
  );
  expect(bare.map(({ name }) => name)).toEqual([]);
});

test('nothing here imports from tandem', async () => {
  for (const entry of await readdir(join(root, 'src'), { recursive: true })) {
    if (!entry.endsWith('.ts')) continue;
    const text = await readFile(join(root, 'src', entry), 'utf8');
    expect(/from '(tandem|\.\.\/.*packages\/tandem)/.test(text), entry).toBe(false);
  }
});
