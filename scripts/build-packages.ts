/**
 * Writes each package as it is published: JavaScript and declarations in a folder of its own, since Node strips no types
 * under node_modules. In the repository the .ts files run as they are; nothing here is needed for that.
 *
 *     npm run build                           # checks types, then packages/nn/dist and packages/tandem/dist
 *     npm publish packages/nn/dist
 *     node scripts/build-packages.ts FOLDER   # FOLDER/nn and FOLDER/tandem instead
 */
import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '..');

/** The guides that go with each package, from docs/. Its README is its own. */
const guides = {
  nn: ['nn.md'],
  tandem: [
    'config.md',
    'library.md',
    'models.md',
    'retrieval.md',
    'sources.md',
    'stores.md',
    'sync.md',
    'training.md',
  ],
};
type PackageName = keyof typeof guides;

/** As far as it is read or changed here; everything else is passed on. */
interface Manifest {
  name: string;
  exports: Record<string, string>;
  bin?: Record<string, string>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  devDependencies?: unknown;
  devEngines: { runtime: { version: string } };
  private?: boolean;
}

/** A mistake in the sources that would make a package fail only where it is installed. */
class PackageError extends Error {}

export async function buildPackage(name: PackageName, folder: string): Promise<void> {
  const source = path.join(root, 'packages', name);
  const manifest = JSON.parse(await readFile(path.join(source, 'package.json'), 'utf8')) as Manifest;
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, 'docs'), { recursive: true });

  // One level below package.json as `src` is, so that a file finds it at the same relative address in both.
  const written = compile(path.join(source, 'src'), entries(source, manifest), path.join(folder, 'lib'));
  // Whoever installs the package gets its dependencies and no others: the repository's would hide that one is missing.
  const { dependencies, peerDependencies } = manifest;
  const declared = new Set([manifest.name, ...Object.keys({ ...dependencies, ...peerDependencies })]);
  const imported = new Set<string>();
  for (const file of written) {
    if (!/\.(js|d\.ts)$/.test(file)) continue;
    const text = await readFile(file, 'utf8');
    for (const owner of importedPackages(text)) {
      imported.add(owner);
      if (!declared.has(owner))
        throw new PackageError(`${file} imports ${owner}, which its package.json does not name.`);
    }
    await copyRunTimeFiles(file, text, { from: path.join(source, 'src'), to: path.join(folder, 'lib') });
  }
  const idle = Object.keys(dependencies ?? {}).filter((owner) => !imported.has(owner));
  if (idle.length > 0)
    throw new PackageError(`${manifest.name} depends on ${idle.join(', ')} and imports nothing of it.`);
  for (const file of Object.values(manifest.bin ?? {})) {
    const launcher = path.join(folder, file);
    await mkdir(path.dirname(launcher), { recursive: true });
    await cp(path.join(source, file), launcher);
    await chmod(launcher, 0o755);
  }

  await writeFile(
    path.join(folder, 'package.json'),
    `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`,
  );
  await cp(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
  const pages = [
    ['README.md', path.join(source, 'README.md')],
    ...guides[name].map((guide) => [path.join('docs', guide), path.join(root, 'docs', guide)]),
  ] as [string, string][];
  for (const [place, page] of pages) await cp(page, path.join(folder, place));
  for (const [place] of pages) {
    const page = path.join(folder, place);
    await writeFile(page, withoutOutsideLinks(await readFile(page, 'utf8'), page));
  }
}

/** What a user can import or run, and the files that are started by name: worker threads and processes. */
function entries(source: string, { exports, bin = {} }: Manifest): string[] {
  const run = Object.values(bin).map((file) => programOf(path.join(source, file)));
  const named = [...Object.values(exports).map((file) => path.join(source, file)), ...run];
  const started = globSync('**/*.ts', { cwd: path.join(source, 'src') })
    .filter((file) => !/\.(test|fixture)\.ts$/.test(file))
    .flatMap((file) => {
      const place = path.join(source, 'src', file);
      const text = ts.sys.readFile(place) ?? '';
      // A sibling is named with the extension of the file that names it: .ts in the repository, .js where installed.
      return [...text.matchAll(/`\.\/([\w.-]+)\$\{path\.extname\(import\.meta\.filename\)\}`/g)].map(
        ([, sibling]) => path.join(path.dirname(place), `${sibling}.ts`),
      );
    });
  return [...named, ...started];
}

/** What a launcher runs in the repository. The launcher is published as it stands, and runs the compiled file where there are no sources. */
function programOf(launcher: string): string {
  const [, program] = /'(\.\.\/src\/[\w/-]+\.ts)'/.exec(ts.sys.readFile(launcher) ?? '') ?? [];
  if (!program) throw new PackageError(`${launcher} names no program under ../src.`);
  return path.resolve(path.dirname(launcher), program);
}

/** Emits what the entries reach, no tests and no fixtures therefore, and returns the files written. */
function compile(source: string, files: readonly string[], outDir: string): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    path.join(root, 'tsconfig.json'),
    {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: source,
      outDir,
    },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (diagnostic) => fail([diagnostic]) },
  )!;
  const program = ts.createProgram(files, config.options);
  fail(program.getSyntacticDiagnostics());
  const written: string[] = [];
  const { diagnostics } = program.emit(undefined, (file, text) => {
    // Declarations keep the .ts of their imports: TypeScript would find the .d.ts all the same, other readers would not.
    const declaration = file.endsWith('.d.ts');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(
      file,
      declaration ? text.replace(/((?:from|import) ?\(?['"]\.{1,2}\/[^'"]*)\.ts(?=['"])/g, '$1.js') : text,
    );
    written.push(file);
  });
  fail(diagnostics);
  return written;
}

function fail(diagnostics: readonly ts.Diagnostic[]): void {
  if (diagnostics.length === 0) return;
  throw new PackageError(
    ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (file) => file,
      getCurrentDirectory: () => root,
      getNewLine: () => '\n',
    }),
  );
}

/** The packages that a module imports, now or later, itself and Node's own left out. */
function importedPackages(text: string): string[] {
  const imported = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  // What only is CommonJS, and loaded when it is first needed.
  const required = [...text.matchAll(/createRequire\(import\.meta\.url\)\(['"]([^'"]+)['"]\)/g)];
  return [...imported, ...required.map(([, name]) => name!)]
    .filter((name) => !name.startsWith('.') && !isBuiltin(name))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}

/** Files read or started from beside the module that names them: a Python worker, a template. */
async function copyRunTimeFiles(
  file: string,
  text: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  const named = [
    ...text.matchAll(/\(import\.meta\.dirname, ['"]([^'"]+)['"]/g),
    ...text.matchAll(/new URL\(['"](\.[^'"]+)['"], import\.meta\.url\)/g),
  ];
  for (const [, sibling] of named) {
    const place = path.resolve(path.dirname(file), sibling!);
    if (existsSync(place) || place === path.join(path.dirname(to), 'package.json')) continue;
    const original = path.join(from, path.relative(to, place));
    if (sibling!.endsWith('.ts') || path.relative(to, place).startsWith('..') || !existsSync(original))
      throw new PackageError(`${file} names ${sibling}, which is not there in the published package.`);
    await cp(original, place, { recursive: true });
  }
}

const compiled = (file: string, extension = '.js') =>
  file.replace(/^\.\/src\//, './lib/').replace(/\.ts$/, extension);

function publishedManifest({ devDependencies, devEngines, private: _, exports, ...rest }: Manifest): object {
  return {
    ...rest,
    engines: { node: devEngines.runtime.version },
    exports: {
      ...Object.fromEntries(
        Object.entries(exports).map(([name, file]) => [
          name,
          { types: compiled(file, '.d.ts'), default: compiled(file) },
        ]),
      ),
      './package.json': './package.json',
    },
    // For tools that do not read `exports`.
    types: compiled(exports['.']!, '.d.ts'),
    files: [...(rest.bin ? ['bin'] : []), 'lib', 'docs'],
  };
}

/** Links to the guides lead to those in the package; what is only in the repository loses its link, a picture its line. */
function withoutOutsideLinks(markdown: string, page: string): string {
  return markdown
    .replaceAll('](../../docs/', '](docs/')
    .replace(/(!?)\[([^\]]*)\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)/g, (link, picture, text, target) => {
      if (existsSync(path.resolve(path.dirname(page), target))) return link;
      return picture ? '' : text;
    });
}

if (import.meta.main) {
  const [into] = process.argv.slice(2);
  try {
    for (const name of Object.keys(guides) as PackageName[]) {
      const folder = into ? path.resolve(into, name) : path.join(root, 'packages', name, 'dist');
      await buildPackage(name, folder);
      const files = await readdir(folder, { recursive: true });
      console.log(`${path.relative(process.cwd(), folder)}: ${files.length} files`);
    }
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
