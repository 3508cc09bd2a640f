import { resolve } from 'node:path';
import { z } from 'zod';
import type { Catalog } from '../../catalog/catalog.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { GivenFile } from '../../core/types/dataset-file.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import type { Lines, Material } from '../../parts/material.ts';
import type { Parts } from '../../parts/parts.ts';
import { manifestBeside } from '../manifest.ts';
import { type FileEntry, type Form, readEntries } from '../read-file.ts';
import { splitsOf } from '../split.ts';
import type { Finding, Found, LintContext, LintData } from './check.ts';
import { checks } from './checks.ts';
import { type Fixed, fixFile } from './fix.ts';
import { itemOf, type LintItem } from './items.ts';

/** The parts that training data is looked at with. */
export type LintParts = Pick<
  Parts,
  'settings' | 'catalog' | 'models' | 'material' | 'retriever' | 'whileOpen'
>;

/** What is to be looked at. */
export interface LintOptions {
  /** A file of any known format. Default: the parts' own questions, examples and cases. */
  file?: string | GivenFile;
  /** Write a file beside it in which what is safe to mend is mended. Needs `file`. */
  fix?: boolean;
  /** Names of checks. Default: all. */
  only?: readonly string[];
  /** What "now" is, for facts that change. Default: today. */
  now?: Date;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** What was found. */
export interface LintReport {
  files: { file: string; entries: number }[];
  findings: Finding[];
  /** Every check, with how much it found, or why it was not made. */
  checks: { name: string; finds: string; findings: number; notMade?: string }[];
  errors: number;
  warnings: number;
  /** Absent where nothing was to be mended. */
  fixed?: Fixed;
}

/**
 * Looks through training data and cases for what makes a model worse, a comparison unfair, or a secret public: `checks.ts` has the list. Nothing is changed; with `fix` a new
 * file is written.
 * @throws InvalidInputError where there is nothing to look at, a file cannot be read at all, or `only` names no check
 *
 * @example
 * const { findings, errors } = await lintDataset(tandem, { file: 'train.jsonl' });
 * for (const { where, check, message } of findings) console.log(`${where} ${check}: ${message}`);
 */
export async function lintDataset(parts: LintParts, options: LintOptions = {}): Promise<LintReport> {
  return parts.whileOpen((signal) => lint(parts, { ...options, signal }), options.signal);
}

async function lint(parts: LintParts, options: LintOptions & { signal: AbortSignal }): Promise<LintReport> {
  const chosen = chooseChecks(options.only);
  const { file, fix = false, now = new Date(), signal, onProgress } = options;
  if (fix && file === undefined)
    throw new InvalidInputError({
      domain: 'dataset',
      where: 'file',
      message: 'There is no file that is to be mended.',
      hint: 'Name one file.',
    });
  const given = typeof file === 'string' ? { file } : file;
  const read = given ? await readGiven(given, parts.material) : await readMaterial(parts.material);
  const data: LintData = {
    items: read.flatMap(({ items }) => items),
    faults: read.flatMap(({ faults }) => faults),
  };
  const context = await contextOf(parts, { now, signal, ...(onProgress && { onProgress }) });
  const told: LintReport['checks'] = [];
  const findings: Finding[] = [];
  for (const [at, { name, finds, severity, find }] of chosen.entries()) {
    signal.throwIfAborted();
    onProgress?.({ stage: 'checking', done: at, total: chosen.length, unit: 'checks', detail: name });
    const found = await find(data, context);
    if ('notMade' in found) {
      told.push({ name, finds, findings: 0, notMade: found.notMade });
      continue;
    }
    // What is only there to be compared with is somebody else's file.
    const own = found.filter(({ where }) => !isBeside(where, read));
    findings.push(...own.map((each) => ({ check: name, severity, ...each })));
    told.push({ name, finds, findings: own.length });
  }
  const count = (severity: Finding['severity']) =>
    findings.filter((each) => each.severity === severity).length;
  const [first] = read;
  return {
    files: read.filter(({ isCompared }) => !isCompared).map(({ path, entries }) => ({ file: path, entries })),
    findings,
    checks: told,
    errors: count('error'),
    warnings: count('warning'),
    ...(fix && first && { fixed: await fixFile(first.path, first) }),
  };
}

function chooseChecks(only: readonly string[] | undefined): typeof checks {
  const unknown = only?.find((name) => !checks.some((check) => check.name === name));
  if (unknown !== undefined)
    throw new InvalidInputError({
      domain: 'dataset',
      where: 'only',
      message: `There is no check called "${unknown}".`,
      hint: `Use some of ${checks.map(({ name }) => name).join(', ')}.`,
    });
  return only ? checks.filter(({ name }) => only.includes(name)) : checks;
}

interface ReadFile {
  path: string;
  entries: number;
  items: LintItem[];
  faults: Found[];
  /** Only read to be compared with. */
  isCompared: boolean;
}

const isBeside = (where: string, files: readonly ReadFile[]) =>
  files.some(({ isCompared, path }) => isCompared && (where === path || where.startsWith(`${path}:`)));

/** A file, and beside it the project's held-out cases and validation examples, which it may give away. */
async function readGiven(given: GivenFile, material: Material): Promise<ReadFile[]> {
  const { cases, examples } = material;
  const own = await readOne(given, { split: cases?.file === resolve(given.file) ? 'cases' : 'train' });
  const others: ReadFile[] = [];
  for (const [lines, split, form] of [
    [cases, 'cases', 'question'],
    [examples?.validation, 'validation', 'example'],
  ] as const)
    if (lines?.file !== undefined && lines.file !== own.path)
      others.push(await readOne({ file: lines.file, ...lines.reading }, { split, form, isCompared: true }));
  return [own, ...others];
}

async function readMaterial(material: Material): Promise<ReadFile[]> {
  const { questions, qa, examples, cases } = material;
  const read: ReadFile[] = [];
  for (const [lines, called, how] of [
    [examples?.train, 'examples.train', { split: 'train', form: 'example' }],
    [examples?.validation, 'examples.validation', { split: 'validation', form: 'example' }],
    [examples ? undefined : questions, 'questions', { split: 'train', form: 'question', isDivided: true }],
    [
      examples || questions ? undefined : qa,
      'qa',
      { split: 'train', form: 'question', isDivided: true, holdsOut: true },
    ],
    [cases, 'cases', { split: 'cases', form: 'question' }],
  ] as const)
    if (lines) read.push(await readLines(lines, called, how));
  if (read.length > 0) return read;
  throw new InvalidInputError({
    domain: 'dataset',
    where: 'dataset',
    message: 'There are no questions, examples or cases to look at.',
    hint: 'Name a file, or set dataset.questions, .qa, .train or .cases.',
  });
}

interface HowToRead {
  split: LintItem['split'];
  form?: Form;
  /** Its lines go to training and validation by their groups, unless they say where. */
  isDivided?: boolean;
  /** Some of its lines are held out. */
  holdsOut?: boolean;
  isCompared?: boolean;
}

async function readLines(lines: Lines, called: string, how: HowToRead): Promise<ReadFile> {
  if (lines.file !== undefined) return readOne({ file: lines.file, ...lines.reading }, how);
  const placed = await lines.readPlaced(z.record(z.string(), z.unknown()));
  return readFileOf(
    called,
    placed.map(({ value, where }) => ({ line: value, where })),
    how,
  );
}

async function readOne(given: GivenFile, how: HowToRead): Promise<ReadFile> {
  const { entries } = await readEntries(given, how.form);
  const path = entries[0]?.where.replace(/:\d+$/, '') ?? given.file;
  const read = readFileOf(path, entries, how);
  const documents = await manifestBeside(path);
  return documents ? { ...read, items: read.items.map((item, at) => documents(item, at)) } : read;
}

function readFileOf(path: string, entries: readonly FileEntry[], how: HowToRead): ReadFile {
  const faults: Found[] = [];
  const items: LintItem[] = [];
  for (const entry of entries) {
    const { where } = entry;
    if ('fault' in entry) {
      const { message } = entry.fault;
      faults.push({ where, message: message.replace(`${where} `, '').replace(/\.$/, '') });
      continue;
    }
    if (entry.leftOut)
      faults.push({ where, severity: 'warning', message: `is read without ${entry.leftOut.join(', ')}` });
    const item = itemOf(entry.line, { where, file: path, split: how.split });
    if (item) items.push(item);
    else faults.push({ where, message: 'is no conversation and no question that can be read' });
  }
  return {
    path,
    entries: entries.length,
    items: how.isDivided ? divided(items, how) : items,
    faults,
    isCompared: how.isCompared ?? false,
  };
}

function divided(items: readonly LintItem[], { holdsOut = false }: HowToRead): LintItem[] {
  const splits = splitsOf(
    items.map((item) => ({
      id: item.id ?? item.where,
      question: String(item.line.question ?? ''),
      ...(item.group !== undefined && { group: item.group }),
    })),
  );
  return items.map((item, at) => {
    const said = item.line.split;
    const split = said === 'train' || said === 'validation' ? said : splits[at]!;
    return { ...item, split: split === 'cases' && !holdsOut ? 'train' : split };
  });
}

async function contextOf(
  { settings, catalog, models, retriever }: LintParts,
  given: Pick<LintContext, 'now' | 'signal' | 'onProgress'>,
): Promise<LintContext> {
  const isIndexed = await hasDocuments(catalog);
  return {
    settings,
    ...given,
    embedder: () => models.embedder(),
    chatTools: async () => localToolsOf(await models.chat()),
    ...(isIndexed && { documents: catalog.documents, retriever }),
  };
}

async function hasDocuments({ documents }: Pick<Catalog, 'documents'>): Promise<boolean> {
  return (await documents.count()).documents > 0;
}
