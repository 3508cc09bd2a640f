import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { canonicalJson, sha256 } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import { type Case, type Example, exampleSchema } from '../core/types/example.ts';
import {
  buildDataset,
  type DatasetMix,
  defaultMix,
  type TrainingQuestion,
  trainingQuestionSchema,
} from '../dataset/build.ts';
import { resolveSources } from '../dataset/cases.ts';
import { type GlossaryEntry, readGlossary } from '../dataset/glossary.ts';
import { readJsonl } from '../dataset/jsonl.ts';
import { splitOf } from '../dataset/split.ts';
import type { Project } from './project.ts';
import { retrievalSettings } from './retriever-for.ts';

export interface Dataset {
  /** SHA-256 of the training examples' canonical JSONL. */
  id: string;
  train: Example[];
  validation: Example[];
  /** Files, absolute. */
  files: { train: string; validation?: string };
  /** Training examples of each kind. */
  counts: Record<string, number>;
  /** Questions left out because no indexed passage holds their answer. */
  unanswerable: number;
  /** For each document the lines, from 1, of the examples that have words of it. Absent in datasets of before it was kept. */
  documents?: Record<'train' | 'validation', Record<string, number[]>>;
  /** What happened to it since it was built. */
  note?: string;
}

export interface BuildOptions {
  /** Replaces the config's. */
  glossary?: string;
  mix?: Partial<DatasetMix>;
  seed?: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/**
 * The project's training data: ready-made chat JSONL where the config names one, else examples made of its questions, glossary
 * and index. Written to `.tandem/datasets/ID/` and remembered; the same inputs give the same id and are not built twice.
 */
export async function dataset(project: Project, options: BuildOptions = {}): Promise<Dataset> {
  const { config, directory } = project;
  if (config.dataset.train !== undefined) return readyMade(project);
  const questions = await trainingQuestions(project);
  const glossary = await projectGlossary(project, options.glossary);
  if (questions.length === 0 && glossary.length === 0) {
    throw new InvalidInputError({
      domain: 'project',
      where: 'dataset',
      message: `The project in ${directory} names nothing to train on.`,
      hint: 'Set dataset.questions, dataset.qa, dataset.train or dataset.glossary in tandem.config.ts, or give --glossary FILE.csv.',
    });
  }
  const mix = { ...defaultMix, ...config.dataset.mix, ...options.mix };
  const seed = options.seed ?? config.tune.seed;
  const state = await project.catalog.index.get();
  const recipe = sha256(
    canonicalJson({
      questions,
      glossary,
      mix,
      seed,
      answer: { ...config.answer, styleRules: undefined },
      retrieve: await retrievalSettings(project),
      index: state && [state.configurationHash, state.committedSeq],
    }),
  );
  const directoryOf = join(project.dataDirectory, 'datasets', recipe.slice(0, 16));
  const stored = await readStored(directoryOf);
  if (stored) return stored;

  const retriever = await project.retriever();
  const part = async (split: 'train' | 'validation') => {
    const own = questions.filter((question) => question.split === split);
    return buildDataset({
      questions: own,
      // The glossary is learnt, not validated: its pairs are in both worlds by intention.
      glossary: split === 'train' ? glossary : [],
      config,
      retriever,
      trainableDocumentIds: [...new Set(own.flatMap(({ source }) => (source ? [source.documentId] : [])))],
      mix: split === 'train' ? mix : validationMix(mix, own.length),
      seed,
      ...(options.signal && { signal: options.signal }),
      ...(options.onProgress && { onProgress: options.onProgress }),
    });
  };
  const train = await part('train');
  const validation = await part('validation');
  const built = {
    train: train.examples,
    validation: validation.examples,
    counts: train.counts,
    unanswerable: train.unanswerable + validation.unanswerable,
    documents: { train: linesOf(train.documents), validation: linesOf(validation.documents) },
  };
  return store(project, directoryOf, built);
}

/** A sixteenth of the training mix, and never more than the questions can bear: it is measured five times. */
function validationMix(mix: DatasetMix, questions: number): DatasetMix {
  const share = (count: number) => Math.min(Math.ceil(count / 16), questions);
  return {
    passages: share(mix.passages),
    absent: share(mix.absent),
    closed: share(mix.closed),
    rewrite: share(mix.rewrite),
    glossary: 0,
  };
}

/** The questions that may be trained on, each with its split; sources resolved against the index. */
export async function trainingQuestions(project: Project): Promise<TrainingQuestion[]> {
  const { config, directory, catalog } = project;
  const file = config.dataset.questions ?? config.dataset.qa;
  if (file === undefined) return [];
  const lines = await readJsonl(resolve(directory, file), trainingQuestionSchema);
  const withSplit = lines.map((line) => ({ ...line, split: line.split ?? splitOf(line.group ?? line.id) }));
  const usable =
    config.dataset.questions === undefined
      ? withSplit.filter(({ split }) => split !== 'cases')
      : withSplit.map((line) => ({
          ...line,
          split: line.split === 'cases' ? ('train' as const) : line.split,
        }));
  const resolved = await resolveSources(
    usable.map(({ id, question, source }) => ({ id, question, expected: '', ...(source && { source }) })),
    catalog.documents,
  );
  return usable.map(({ source: _source, ...line }, index) => ({
    ...line,
    split: line.split as 'train' | 'validation',
    ...(resolved[index]!.source && { source: resolved[index]!.source }),
  }));
}

/** Validation cases: questions cut from the training file by group, for choosing prompts and calibrating; never trained on. */
export async function validationCases(project: Project): Promise<Case[]> {
  const questions = await trainingQuestions(project);
  return questions
    .filter(({ split, expected }) => split === 'validation' && expected !== undefined)
    .map(({ split: _split, wordings: _wordings, expected, ...rest }) => ({ ...rest, expected: expected! }));
}

export async function projectGlossary(project: Project, path?: string): Promise<GlossaryEntry[]> {
  const file =
    path === undefined
      ? project.config.dataset.glossary && resolve(project.directory, project.config.dataset.glossary)
      : resolve(path);
  return file === undefined ? [] : readGlossary(file);
}

async function readyMade(project: Project): Promise<Dataset> {
  const { config, directory } = project;
  const files = {
    train: resolve(directory, config.dataset.train!),
    ...(config.dataset.validation !== undefined && {
      validation: resolve(directory, config.dataset.validation),
    }),
  };
  const train = await readJsonl(files.train, exampleSchema);
  const validation = files.validation === undefined ? [] : await readJsonl(files.validation, exampleSchema);
  const id = sha256(jsonl(train));
  await project.catalog.datasets.put({
    id,
    path: relative(project.dataDirectory, files.train),
    counts: { train: train.length, validation: validation.length },
    createdAt: new Date().toISOString(),
  });
  return { id, train, validation, files, counts: countKinds(train), unanswerable: 0 };
}

/** `manifest.json` beside the examples: written last, so that a folder that has one is whole. */
export type DatasetManifest = Pick<Dataset, 'id' | 'counts' | 'unanswerable' | 'documents' | 'note'>;

function linesOf(documents: readonly string[][]): Record<string, number[]> {
  const lines: Record<string, number[]> = {};
  for (const [i, ids] of documents.entries()) for (const id of ids) (lines[id] ??= []).push(i + 1);
  return lines;
}

async function store(
  project: Project,
  directory: string,
  built: Omit<Dataset, 'id' | 'files'>,
): Promise<Dataset> {
  const train = jsonl(built.train);
  const id = sha256(train);
  const files = { train: join(directory, 'train.jsonl'), validation: join(directory, 'validation.jsonl') };
  await mkdir(directory, { recursive: true });
  await writeAtomically(files.train, train);
  await writeAtomically(files.validation, jsonl(built.validation));
  const { counts, unanswerable, documents } = built;
  const manifest: DatasetManifest = { id, counts, unanswerable, ...(documents && { documents }) };
  await writeAtomically(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await project.catalog.datasets.put({
    id,
    path: relative(project.dataDirectory, dirname(files.train)),
    counts: { ...built.counts, train: built.train.length, validation: built.validation.length },
    createdAt: new Date().toISOString(),
  });
  return { id, ...built, files };
}

async function readStored(directory: string): Promise<Dataset | undefined> {
  const manifestFile = join(directory, 'manifest.json');
  if (!existsSync(manifestFile)) return undefined;
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as DatasetManifest;
  const files = { train: join(directory, 'train.jsonl'), validation: join(directory, 'validation.jsonl') };
  return {
    ...manifest,
    train: await readJsonl(files.train, exampleSchema),
    validation:
      existsSync(files.validation) && (await readFile(files.validation, 'utf8')).trim()
        ? await readJsonl(files.validation, exampleSchema)
        : [],
    files,
  };
}

export async function writeAtomically(path: string, content: string): Promise<void> {
  await writeFile(`${path}.partial`, content, { flush: true });
  await rename(`${path}.partial`, path);
}

/** One example, or pair, a line, keys sorted: what `id` is the hash of. */
export const jsonl = (lines: readonly object[]) => lines.map((line) => `${canonicalJson(line)}\n`).join('');

function countKinds(examples: readonly Example[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { metadata } of examples)
    counts[metadata?.kind ?? 'example'] = (counts[metadata?.kind ?? 'example'] ?? 0) + 1;
  return counts;
}
