/**
 * What each package gives to its users: every exported name with its type, a file for each place that can be imported from.
 *
 *     npm run api              # writes api/*.api.md
 *     npm run api -- --check   # fails where they are not what the source says, or where an export is badly named or not explained
 *
 * Not API Extractor: it makes a program of its own for each entry point (9 s of processor time for `tandem` alone, after a build
 * of 20 s), where all of them together are one program here (10 s), and it does not ask for docstrings.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '..');
const reports = path.join(root, 'api');

/** A place that can be imported from, and what is found there. */
export interface EntryPoint {
  /** As it is written in an import: `tandem/project`. */
  specifier: string;
  /** Its source file. */
  file: string;
  exports: ExportedName[];
}

/** A name that is exported, and all that is declared under it: a value and a type can share a name. */
export interface ExportedName {
  name: string;
  declarations: ts.Declaration[];
  /** Nothing of it is there when a program runs. */
  isType: boolean;
  /** What it says of itself; empty where it says nothing. */
  docstring: string;
  /** The texts of its `@throws`. */
  throws: string[];
  /** The texts of its `@example`, those of its members included. */
  examples: string[];
}

/** What is exported by the packages of the repository, read from their sources. */
export interface Surface {
  entryPoints: EntryPoint[];
  program: ts.Program;
}

/** Reads every entry point that the package.json of these packages names under `exports`. */
export function readSurface(
  packages: readonly string[] = ['tandem', 'nn'],
  directory: string = root,
): Surface {
  const entries = packages.flatMap((folder) => {
    const home = path.join(directory, 'packages', folder);
    const manifest = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as {
      name: string;
      exports: Record<string, string>;
    };
    return Object.entries(manifest.exports).map(([subpath, file]) => ({
      specifier: path.posix.join(manifest.name, subpath),
      file: path.join(home, file),
    }));
  });
  const config = ts.getParsedCommandLineOfConfigFile(
    path.join(root, 'tsconfig.json'),
    { noEmit: false, declaration: true, emitDeclarationOnly: true, removeComments: true },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  )!;
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    config.options,
  );
  const checker = program.getTypeChecker();
  const entryPoints = entries.map(({ specifier, file }) => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${specifier} is to be ${file}, and that exports nothing.`);
    const exports = checker
      .getExportsOfModule(module)
      .map((symbol) => exportedName(symbol, checker))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return { specifier, file, exports };
  });
  return { entryPoints, program };
}

function exportedName(symbol: ts.Symbol, checker: ts.TypeChecker): ExportedName {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const declarations = (target.declarations ?? []).filter((declaration) => !ts.isSourceFile(declaration));
  // A namespace (`export * as graph`) is explained where it is exported.
  const explained = declarations.length > 0 ? target : symbol;
  const tags = explained.getJsDocTags(checker);
  const texts = (name: string) =>
    tags.filter((tag) => tag.name === name).map((tag) => ts.displayPartsToString(tag.text).trim());
  return {
    name: symbol.name,
    declarations: declarations.length > 0 ? declarations : (target.declarations ?? []),
    isType: (target.flags & ts.SymbolFlags.Value) === 0,
    docstring:
      ts.displayPartsToString(explained.getDocumentationComment(checker)).trim() || commentOfExport(symbol),
    throws: texts('throws'),
    examples: declarations.flatMap(examplesIn),
  };
}

/** The comment above `export * as name from …`. */
function commentOfExport(symbol: ts.Symbol): string {
  const declaration = symbol.declarations?.[0];
  const statement = declaration && ts.findAncestor(declaration, ts.isExportDeclaration);
  const text = statement?.getFullText().slice(0, statement.getLeadingTriviaWidth()) ?? '';
  return declaration && ts.isNamespaceExport(declaration)
    ? (/\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? '').trim()
    : '';
}

function examplesIn(declaration: ts.Declaration): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node))
      if (tag.tagName.text === 'example' && tag.parent.parent === node)
        found.push((ts.getTextOfJSDocComment(tag.comment) ?? '').trim());
    if (node === declaration || ts.isTypeElement(node) || ts.isClassElement(node))
      ts.forEachChild(node, visit);
  };
  visit(ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration);
  return found;
}

/** The report of each entry point, by its file's name. */
export function writtenReports({ entryPoints, program }: Surface): Map<string, string> {
  const declared = new DeclarationText(program);
  return new Map(
    entryPoints.map(({ specifier, exports }) => [
      fileName(specifier),
      [
        `# ${specifier}`,
        '',
        'Written by `npm run api`; do not edit.',
        '',
        '```ts',
        exports.map((name) => declared.of(name)).join('\n\n'),
        '```',
        '',
      ].join('\n'),
    ]),
  );
}

const fileName = (specifier: string): string => `${specifier.replace('@', '').replaceAll('/', '-')}.api.md`;

/** Exported names as TypeScript writes them into a declaration file. */
class DeclarationText {
  readonly #program: ts.Program;
  readonly #files = new Map<ts.SourceFile, ts.SourceFile>();
  readonly #printer = ts.createPrinter({ removeComments: true });

  constructor(program: ts.Program) {
    this.#program = program;
  }

  of({ name, declarations, throws }: ExportedName): string {
    const parts = new Set(declarations.map((declaration) => this.#declaration(name, declaration)));
    return [...throws.map((text) => `// @throws ${text.replaceAll(/\s+/g, ' ')}`), ...parts].join('\n');
  }

  #declaration(name: string, declaration: ts.Declaration): string {
    if (ts.isSourceFile(declaration)) return this.#namespace(name, declaration);
    const file = this.#emitted(declaration.getSourceFile());
    const own = ts.getNameOfDeclaration(declaration)?.getText() ?? name;
    const found = file.statements.filter((statement) => declaredNames(statement).includes(own));
    const text = found.map((statement) => this.#print(statement, file)).join('\n');
    if (text === '')
      throw new Error(`${name} of ${declaration.getSourceFile().fileName} is not in its declarations.`);
    return own === name ? text : `${text}\nexport { ${own} as ${name} };`;
  }

  /** Of `export * as graph`: what is in it, by name. */
  #namespace(name: string, source: ts.SourceFile): string {
    const checker = this.#program.getTypeChecker();
    const members = checker
      .getExportsOfModule(checker.getSymbolAtLocation(source)!)
      .map((symbol) => exportedName(symbol, checker))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((member) => this.of(member).replaceAll(/^(?=.)/gm, '    '));
    return `export declare namespace ${name} {\n${members.join('\n')}\n}`;
  }

  #emitted(source: ts.SourceFile): ts.SourceFile {
    const known = this.#files.get(source);
    if (known) return known;
    let text = '';
    this.#program.emit(
      source,
      (_, written) => {
        text = written;
      },
      undefined,
      true,
    );
    const parsed = ts.createSourceFile(source.fileName, text, ts.ScriptTarget.Latest, true);
    this.#files.set(source, parsed);
    return parsed;
  }

  #print(statement: ts.Statement, file: ts.SourceFile): string {
    // What a class keeps to itself is nobody's business.
    const shown = ts.isClassDeclaration(statement)
      ? ts.factory.updateClassDeclaration(
          statement,
          statement.modifiers,
          statement.name,
          statement.typeParameters,
          statement.heritageClauses,
          statement.members.filter(isPublic),
        )
      : statement;
    return this.#printer.printNode(ts.EmitHint.Unspecified, shown, file);
  }
}

const isPublic = (member: ts.ClassElement): boolean =>
  !(member.name && ts.isPrivateIdentifier(member.name)) &&
  !(ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private);

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  const name = ts.getNameOfDeclaration(statement as unknown as ts.Declaration);
  return name ? [name.getText()] : [];
}

/** Members of options that need no words: they mean the same wherever they stand. */
const plainOptions = new Set(['signal', 'onProgress']);

/** Everything that is wrong with how the exports are named and explained: one sentence each. */
export function faultsOf({ entryPoints, program }: Surface): string[] {
  const checker = program.getTypeChecker();
  const faults: string[] = [];
  const places = new Map<string, string>();
  for (const { specifier, exports } of entryPoints) {
    for (const { name, declarations, isType, docstring } of exports) {
      const place = placeOf(declarations[0]!);
      const first = places.get(`${specifier.split('/')[0]} ${name}`);
      if (first) faults.push(`${name} is exported by ${first} and by ${specifier}: leave one of them.`);
      places.set(`${specifier.split('/')[0]} ${name}`, specifier);
      const bad = badName(name, isType, program);
      if (bad) faults.push(`${specifier} exports ${name}, ${bad}: give it another name (${place}).`);
      if (docstring === '') faults.push(`${name} of ${specifier} has no docstring (${place}).`);
      if (name.endsWith('Options'))
        for (const member of declarations.flatMap(membersOf))
          if (
            !plainOptions.has(member.name?.getText() ?? '') &&
            checker.getSymbolAtLocation(member.name!)?.getDocumentationComment(checker).length === 0
          )
            faults.push(
              `${name}.${member.name!.getText()} of ${specifier} has no docstring (${placeOf(member)}).`,
            );
    }
  }
  return [...new Set(faults)];
}

const membersOf = (declaration: ts.Declaration): ts.PropertySignature[] =>
  ts.isInterfaceDeclaration(declaration) ? declaration.members.filter(ts.isPropertySignature) : [];

function badName(name: string, isType: boolean, program: ts.Program): string | undefined {
  const token = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, name).scan();
  if (token >= ts.SyntaxKind.FirstKeyword && token <= ts.SyntaxKind.LastKeyword) return 'which is a keyword';
  if (/^use[A-Z]|^use$/.test(name)) return 'which is the name of a React hook';
  const meaning = isType ? ts.SymbolFlags.Type : ts.SymbolFlags.Value;
  const global = program.getTypeChecker().resolveName(name, undefined, meaning, false);
  // The browser's own names (Document, ProgressEvent) are free in Node, where this is used.
  const isNodes =
    name in globalThis ||
    global?.declarations?.some(
      ({ parent }) => !/lib\.dom(\.\w+)?\.d\.ts$/.test(parent.getSourceFile().fileName),
    );
  return global && isNodes ? 'which is a global already' : undefined;
}

function placeOf(declaration: ts.Node): string {
  const source = declaration.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(declaration.getStart());
  return `${path.relative(root, source.fileName)}:${line + 1}`;
}

/** Where the reports that are there differ from what the source says: one sentence each. */
export function outdatedReports(written: ReadonlyMap<string, string>, folder: string = reports): string[] {
  const there = readdirSync(folder).filter((file) => file.endsWith('.api.md'));
  const again = 'Run `npm run api` and look at the difference: it is what users will notice.';
  return [
    ...[...written].flatMap(([file, text]) => {
      if (!there.includes(file)) return [`api/${file} is missing. ${again}`];
      const old = readFileSync(path.join(folder, file), 'utf8');
      if (old === text) return [];
      const [before, after] = [old.split('\n'), text.split('\n')];
      const line = after.findIndex((content, index) => content !== before[index]);
      const at = line === -1 ? after.length : line;
      return [
        `api/${file} differs from the source, first in line ${at + 1}: it has ${JSON.stringify(before[at] ?? '')}, the source ${JSON.stringify(after[at] ?? '')}. ${again}`,
      ];
    }),
    ...there
      .filter((file) => !written.has(file))
      .map((file) => `api/${file} is of an entry point that is there no more. ${again}`),
  ];
}

if (import.meta.main) {
  const surface = readSurface();
  const written = writtenReports(surface);
  const names = surface.entryPoints.map(({ specifier, exports }) => `${specifier} ${exports.length}`);
  const complaints = faultsOf(surface);
  if (process.argv.includes('--check')) complaints.push(...outdatedReports(written));
  else {
    mkdirSync(reports, { recursive: true });
    for (const file of readdirSync(reports)) if (!written.has(file)) rmSync(path.join(reports, file));
    for (const [file, text] of written) writeFileSync(path.join(reports, file), text);
  }
  console.log(`Exported names: ${names.join(', ')}.`);
  for (const complaint of complaints) console.error(complaint);
  if (complaints.length > 0) process.exitCode = 1;
}
