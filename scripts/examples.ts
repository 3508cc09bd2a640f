/**
 * Type-checks and runs every example: each `@example` of an exported symbol, and each block of TypeScript in README.md and docs/.
 *
 *     npm run examples            # all of them
 *     npm run examples -- TEXT    # those whose place contains TEXT
 *
 * An example is a module of its own. Names that it does not declare are imported: those of the package that it documents, of
 * `examples/prelude.ts` and of the AI SDK; `tandem` and `project` are opened for each example. A block of Markdown marked
 * `ts config` has members of a config, one marked `ts sources` a source of a config; both are read as `openProject` reads them. An
 * example that begins with `// takes minutes` is only type-checked, and counted as such.
 */
import { globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as ai from 'ai';
import ts from 'typescript';
import { readSurface, type Surface } from './api-report.ts';

const root = path.resolve(import.meta.dirname, '..');

export interface Example {
  /** Where it stands. */
  place: string;
  code: string;
  kind: 'program' | 'config' | 'sources';
  /** False for what takes minutes. */
  runs: boolean;
}

const slow = /^\/\/ takes minutes\b/;

/** The examples of docstrings, one for each `@example`, whatever number of entry points exports its symbol. */
export function docstringExamples({ entryPoints }: Surface): Example[] {
  const found = new Map<string, Example>();
  for (const { specifier, exports } of entryPoints)
    for (const { name, examples } of exports)
      examples.forEach((code, at) => {
        const place = `${specifier} ${name}${examples.length > 1 ? ` (${at + 1})` : ''}`;
        if (![...found.values()].some((other) => other.code === code))
          found.set(place, { place, code, kind: 'program', runs: !slow.test(code) });
      });
  return [...found.values()];
}

/** Blocks of TypeScript on a page of Markdown. */
export function pageExamples(page: string, markdown: string): Example[] {
  const blocks = markdown.matchAll(/^```(ts|typescript)\b *(\w*)\n([\s\S]*?)^```$/gm);
  return [...blocks].map(({ 2: mark, 3: code, index }) => {
    if (mark !== '' && mark !== 'config' && mark !== 'sources')
      throw new Error(
        `${page} has a block marked ${JSON.stringify(mark)}: leave it out, or write config or sources.`,
      );
    const line = markdown.slice(0, index).split('\n').length;
    return {
      place: `${page}:${line}`,
      code: code!,
      kind: mark === '' ? 'program' : mark!,
      runs: !slow.test(code!),
    } as Example;
  });
}

/** Where a name that an example does not declare comes from: a module to import it from, or a statement that makes it. */
type Origin = { from: string; isType?: boolean } | { statement: string };

function originsOf(
  surface: Surface,
  prelude: Record<string, unknown>,
  preludeFile: string,
): Map<string, Origin> {
  const exported = surface.entryPoints.flatMap(({ specifier, exports }) =>
    exports.map(({ name, isType }) => [name, { from: specifier, isType }] as const),
  );
  return new Map<string, Origin>([
    ...Object.keys(ai).map((name) => [name, { from: 'ai' }] as const),
    ...exported,
    ...Object.keys(prelude).map((name) => [name, { from: preludeFile }] as const),
    ['tandem', { statement: 'await using tandem = await exampleTandem();' }],
    ['project', { statement: 'await using project = await exampleProject();' }],
  ]);
}

/** Modules of hosted providers and the like, which the prelude stands for. */
const standIns = ['@ai-sdk/openai', '@langchain/openai'];

/** The example as a module that imports what it takes for granted. */
export function moduleOf(
  example: Example,
  origins: ReadonlyMap<string, Origin>,
  preludeFile: string,
): string {
  const body = bodyOf(example).replaceAll(/(from )'([^']+)'/g, (clause, from, specifier) =>
    standIns.includes(specifier) ? `${from}'${preludeFile}'` : clause,
  );
  const { used, declared } = namesIn(body);
  const statements: string[] = [];
  const imports: string[] = [];
  const wanted = [...used].filter((name) => !declared.has(name));
  for (const name of wanted) {
    const origin = origins.get(name);
    if (!origin) continue;
    if ('from' in origin)
      imports.push(`import { ${origin.isType ? 'type ' : ''}${name} } from '${origin.from}';`);
    else {
      statements.push(origin.statement);
      const [maker] = /example\w+/.exec(origin.statement)!;
      imports.push(`import { ${maker} } from '${preludeFile}';`);
    }
  }
  return [...imports, ...statements, '', body, 'export {};', ''].join('\n');
}

function bodyOf({ kind, code }: Example): string {
  if (kind === 'program') return code;
  const imports = code.match(/^import .*$/gm)?.join('\n') ?? '';
  const rest = code.replaceAll(/^import .*$/gm, '').trim();
  const members = kind === 'sources' ? [`sources: [${rest}]`] : membersOf(rest);
  // Each in a config of its own: a page may show several values of one key below each other.
  const configs = members.map((member) => `checkConfig(defineConfig({ name: 'example', ${member} }));`);
  return [imports, ...configs].join('\n');
}

function membersOf(code: string): string[] {
  const separated = code.replaceAll(/\}(\s*\/\/.*)?\n(?=\w+:)/g, '},$1\n');
  const source = ts.createSourceFile('config.ts', `({\n${separated}\n})`, ts.ScriptTarget.Latest, true);
  const [statement] = source.statements;
  if (
    !statement ||
    !ts.isExpressionStatement(statement) ||
    !ts.isParenthesizedExpression(statement.expression)
  )
    throw new Error(`These are no members of a config:\n${code}`);
  const { expression } = statement.expression;
  if (!ts.isObjectLiteralExpression(expression))
    throw new Error(`These are no members of a config:\n${code}`);
  return expression.properties.map((property) => property.getText());
}

/** Names that are read, and names that are declared, wherever in the text. */
function namesIn(code: string): { used: Set<string>; declared: Set<string> } {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true);
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isIdentifier(node)) return;
    const { parent } = node;
    const isDeclared =
      (ts.isVariableDeclaration(parent) ||
        ts.isBindingElement(parent) ||
        ts.isParameter(parent) ||
        ts.isFunctionDeclaration(parent) ||
        ts.isClassDeclaration(parent) ||
        ts.isInterfaceDeclaration(parent) ||
        ts.isTypeAliasDeclaration(parent) ||
        ts.isImportSpecifier(parent) ||
        ts.isImportClause(parent) ||
        ts.isNamespaceImport(parent)) &&
      parent.name === node;
    const isMember =
      (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
      (ts.isPropertyAssignment(parent) && parent.name === node) ||
      (ts.isPropertySignature(parent) && parent.name === node) ||
      (ts.isMethodDeclaration(parent) && parent.name === node) ||
      (ts.isBindingElement(parent) && parent.propertyName === node) ||
      (ts.isImportSpecifier(parent) && parent.propertyName === node);
    if (isDeclared) declared.add(node.text);
    else if (!isMember) used.add(node.text);
  };
  visit(source);
  return { used, declared };
}

/** What is wrong with these modules, by file. */
function typeFaults(files: readonly string[]): Map<string, string> {
  const config = ts.getParsedCommandLineOfConfigFile(
    path.join(root, 'tsconfig.json'),
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  )!;
  const program = ts.createProgram(files, config.options);
  const faults = new Map<string, string>();
  for (const file of files) {
    const source = program.getSourceFile(file)!;
    const diagnostics = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    if (diagnostics.length > 0)
      faults.set(
        file,
        diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')).join('\n'),
      );
  }
  return faults;
}

/** All examples of the repository. */
export function allExamples(surface: Surface): Example[] {
  const pages = ['README.md', 'packages/tandem/README.md', ...globSync('docs/*.md', { cwd: root }).sort()];
  return [
    ...docstringExamples(surface),
    ...pages.flatMap((page) => pageExamples(page, readFileSync(path.join(root, page), 'utf8'))),
  ];
}

/** Checks and runs; tells each failure, and how many there were of each kind. */
export async function tryExamples(
  only = '',
): Promise<{ checked: number; ran: number; slow: string[]; failures: string[] }> {
  const surface = readSurface();
  const examples = allExamples(surface).filter(({ place }) => place.includes(only));
  const failures: string[] = [];
  await mkdir(path.join(root, '.examples'), { recursive: true });
  const folder = await mkdtemp(path.join(root, '.examples/'));
  const working = await mkdtemp(path.join(tmpdir(), 'tandem-examples-'));
  const start = process.cwd();
  let ran = 0;
  try {
    // Beside the modules, since it imports the packages as they do.
    const prelude = await import('./examples/prelude.ts');
    const preludeFile = path.relative(folder, path.join(import.meta.dirname, 'examples/prelude.ts'));
    const origins = originsOf(surface, prelude, preludeFile);
    const files = examples.map((_, at) => path.join(folder, `example-${at}.ts`));
    for (const [at, example] of examples.entries())
      await writeFile(files[at]!, moduleOf(example, origins, preludeFile));
    const faults = typeFaults(files);
    for (const [at, { place, code }] of examples.entries()) {
      const fault = faults.get(files[at]!);
      if (fault) failures.push(`${place} does not fit its types: ${fault}\n${code}`);
    }

    process.chdir(working);
    await prelude.writeExampleFiles();
    // Models stay loaded as long as somebody has them.
    await using held = await prelude.exampleTandem();
    await held.models.chat();
    for (const [at, { place, code, runs }] of examples.entries()) {
      if (!runs) continue;
      ran += 1;
      const seconds = performance.now();
      try {
        await quietly(() => import(pathToFileURL(files[at]!).href));
      } catch (error) {
        failures.push(`${place} fails: ${error instanceof Error ? error.stack : error}\n${code}`);
      }
      console.log(`${place}: ${((performance.now() - seconds) / 1000).toFixed(1)} s`);
    }
  } finally {
    process.chdir(start);
    await rm(folder, { recursive: true });
    await rm(working, { recursive: true });
  }
  const slow = examples.filter(({ runs }) => !runs).map(({ place }) => place);
  return { checked: examples.length, ran, slow, failures };
}

/** What examples print is for their readers. */
async function quietly(run: () => Promise<unknown>): Promise<void> {
  const { log } = console;
  const { write } = process.stdout;
  console.log = () => {};
  process.stdout.write = () => true;
  try {
    await run();
  } finally {
    console.log = log;
    process.stdout.write = write;
  }
}

if (import.meta.main) {
  const { checked, ran, slow, failures } = await tryExamples(process.argv[2]);
  for (const failure of failures) console.error(`\n${failure}`);
  console.log(
    `Examples: ${checked} type-checked, ${ran} run, ${slow.length} take minutes and were only type-checked (${slow.join(', ')}), ${failures.length} failed.`,
  );
  process.exit(failures.length === 0 ? 0 : 1);
}
