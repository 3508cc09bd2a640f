import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { MissingDriverError, nameAbsentPackage } from '../core/errors/missing-driver-error.ts';
import { editDistance } from '../text/edit-distance.ts';
import { type Config, configSchema } from './config.ts';

const configFile = 'tandem.config.ts';
/** Node takes this one for a module whatever the package around it says. */
const moduleConfigFile = 'tandem.config.mts';

/** Where the config of a project in `directory` is to be: under a name that Node loads as a module there. */
export function newConfigFile(directory: string): string {
  return join(directory, isInModules(directory) ? configFile : moduleConfigFile);
}

/** The config in `directory`, under either name. */
export function configFileIn(directory: string): string | undefined {
  return [configFile, moduleConfigFile].map((name) => join(directory, name)).find(existsSync);
}

/** Whether Node takes a `.ts` file in `directory` for a module: as the nearest package says; without one it looks into the file. */
function isInModules(directory: string): boolean {
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) return typeOf(manifest) === 'module';
    if (dirname(folder) === folder) return true;
  }
}

function typeOf(manifest: string): unknown {
  try {
    return JSON.parse(readFileSync(manifest, 'utf8'))?.type;
  } catch {
    // Node reads a damaged one for a `.ts` file, and stops; not for a `.mts` file.
    return undefined;
  }
}

/** The project folder: the one given, else the nearest at or above `from` that has a config. */
export function findProject(from: string, given?: string): string {
  if (given !== undefined) {
    const directory = resolve(from, given);
    if (configFileIn(directory)) return directory;
    throw new InvalidInputError({
      domain: 'project',
      where: 'directory',
      message: `There is no ${configFile} in ${directory}.`,
      hint: 'Make a project there, or give the right folder.',
    });
  }
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    if (configFileIn(directory)) return directory;
    if (dirname(directory) === directory) {
      throw new InvalidInputError({
        domain: 'project',
        where: 'directory',
        message: `There is no ${configFile} in ${resolve(from)} or above it.`,
        hint: 'Make a project here, or give the folder of one.',
      });
    }
  }
}

/** Runs the project's config file and checks it; every mistake is one sentence that names the key. */
export async function loadConfig(directory: string): Promise<Config> {
  const path = configFileIn(directory) ?? join(directory, configFile);
  const other = join(directory, moduleConfigFile);
  if (path !== other && existsSync(other))
    throw new InvalidInputError({
      domain: 'project',
      where: directory,
      message: `${directory} has both ${configFile} and ${moduleConfigFile}.`,
      hint: 'Keep one of them.',
    });
  let module: { default?: unknown };
  try {
    module = await nameAbsentPackage(() => import(pathToFileURL(path).href), {
      what: path,
      domain: 'project',
    });
  } catch (cause) {
    if (MissingDriverError.isInstance(cause)) throw cause;
    throw new InvalidInputError({
      domain: 'project',
      where: path,
      cause,
      message: `${path} cannot be run: ${(cause as Error).message}.`,
      hint:
        path !== other && cause instanceof SyntaxError && !isInModules(directory)
          ? `Rename it to ${moduleConfigFile}: the package.json that it belongs to makes \`.ts\` files CommonJS.`
          : 'It is a TypeScript module whose default export is the config object.',
    });
  }
  if (module.default === undefined) {
    throw new InvalidInputError({
      domain: 'project',
      where: path,
      message: `${path} has no default export.`,
      hint: 'End it with `export default { name: "…" }`.',
    });
  }
  const parsed = configSchema.safeParse(module.default);
  if (!parsed.success) throw configError(path, parsed.error);
  const config = parsed.data;
  if (config.answer.styleGuide?.endsWith('.md')) {
    const guide = resolve(directory, config.answer.styleGuide);
    config.answer.styleGuide = await readFile(guide, 'utf8')
      .then((text) => text.trim())
      .catch((cause) => {
        throw new InvalidInputError({
          domain: 'project',
          where: 'answer.styleGuide',
          cause,
          message: `The style guide ${guide} named in ${path} cannot be read.`,
          hint: 'Fix the path, or write the guide into the config.',
        });
      });
  }
  return config;
}

function configError(path: string, error: z.ZodError): InvalidInputError {
  // A misspelt key is also reported as missing: the issue about the spelling says what to do.
  const issue = innermost(error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0]!);
  const key = issue.path.join('.');
  const unknown =
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => [key, name].filter(Boolean).join('.'))
      : undefined;
  const others = error.issues.length - 1;
  const nearest = issue.code === 'unrecognized_keys' ? nearestKey(issue.path, issue.keys[0]!) : undefined;
  return new InvalidInputError({
    domain: 'project',
    where: unknown?.[0] ?? key,
    message: unknown
      ? `${path} has the key \`${unknown[0]}\`, which Tandem does not know.`
      : `In ${path}, \`${key || 'the config'}\` is wrong: ${inWords(issue)}.`,
    hint: `${unknown ? (nearest ? `Did you mean \`${nearest}\`?` : 'Remove it or fix its spelling.') : 'Fix it and run the command again.'}${others > 0 ? ` (${others} more after that.)` : ''}`,
  });
}

/** Of the forms that a value may have, the one that it comes nearest to: the one whose issue is nested deepest. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union' || !('errors' in issue) || issue.errors.length === 0) return issue;
  const inside = issue.errors
    .flat()
    .map((each) => innermost({ ...each, path: [...issue.path, ...each.path] }))
    .toSorted((a, b) => b.path.length - a.path.length);
  const [deepest] = inside;
  if (deepest === undefined) return issue;
  if (deepest.path.length > issue.path.length) return deepest;
  // A text that is not written as one of them has to be.
  const format = inside.find(({ code }) => code === 'invalid_format');
  if (format) return format;
  // It has none of the forms: the message names all of them.
  const forms = [
    ...new Set(
      inside.map((each) =>
        inWords(each)
          .replace(/^it must be /, '')
          .replace(/, not .*$/, ''),
      ),
    ),
  ];
  // Our own checks say what was given in better words than "an object".
  const [, given] = /, not (.*)$/.exec(inside.find(({ code }) => code === 'custom')?.message ?? '') ?? [];
  return { ...issue, message: `it must be ${forms.join(' or ')}${given ? `, not ${given}` : ''}` };
}

function inWords({ message }: z.core.$ZodIssue): string {
  const missing = /^Invalid input: expected (.*), received undefined$/.exec(message);
  if (missing) return `it is missing (${article(missing[1]!)})`;
  const type = /^Invalid input: expected (.*), received (.*)$/.exec(message);
  if (type) return `it must be ${article(type[1]!)}, not ${article(type[2]!)}`;
  const choice = /^Invalid (?:discriminator value\. Expected|option: expected one of) (.*)$/.exec(message);
  if (choice)
    return `it must be one of ${choice[1]!
      .split(/ ?\| ?/)
      .join(', ')
      .replaceAll('"', "'")}`;
  const limit = /^Too (big|small): expected (\w+) to (?:be|have) ([<>]=?)(-?[\d.]+)(?: (\w+))?$/.exec(
    message,
  );
  if (limit) {
    const [, , , sign, bound, unit] = limit;
    const words = { '<=': 'at most', '>=': 'at least', '<': 'less than', '>': 'more than' }[sign!];
    return unit ? `it must have ${words} ${bound} ${unit}` : `it must be ${words} ${bound}`;
  }
  return message;
}

/**
 * The known key that a misspelt one is nearest to, with its place; one beside it before the very name elsewhere. Undefined where none
 * is near.
 */
function nearestKey(path: readonly PropertyKey[], key: string): string | undefined {
  const place = path.filter((part) => typeof part === 'string').join('.');
  const [near] = keysOf(configSchema, [])
    .map((known) => ({ ...known, edits: editDistance(key.toLowerCase(), known.name.toLowerCase()) }))
    .filter(({ edits }) => edits <= Math.max(1, Math.floor(key.length / 3)))
    .sort((a, b) => Number(a.place !== place) - Number(b.place !== place) || a.edits - b.edits);
  return near && [near.place, near.name].filter(Boolean).join('.');
}

/** Every key of the config, each with the dotted place of the object that has it. */
function keysOf(schema: z.core.$ZodType, path: string[]): { place: string; name: string }[] {
  const { def } = schema._zod;
  if (def.type === 'object')
    return Object.entries((def as z.core.$ZodObjectDef).shape).flatMap(([name, inner]) => [
      { place: path.join('.'), name },
      ...keysOf(inner, [...path, name]),
    ]);
  if (def.type === 'union') return (def as z.core.$ZodUnionDef).options.flatMap((each) => keysOf(each, path));
  if (def.type === 'array') return keysOf((def as z.core.$ZodArrayDef).element, path);
  return 'innerType' in def ? keysOf(def.innerType as z.core.$ZodType, path) : [];
}

const article = (type: string) => `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;
