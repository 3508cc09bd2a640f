import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { counted } from '../core/counted.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { canonicalJson, sha256 } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import { type Case, type Example, exampleSchema } from '../core/types/example.ts';
import type { GlossaryEntry } from '../core/types/glossary.ts';
import type { Material } from '../parts/material.ts';
import type { Parts } from '../parts/parts.ts';
import { retrievalSettings } from '../parts/retriever-for.ts';
import { writeAtomically } from '../parts/write-atomically.ts';
import { resolveSources } from './cases.ts';
import { type ComposedExamples, composeExamples } from './compose/compose-examples.ts';
import { type DatasetMix, defaultMix, validationMix } from './compose/dataset-mix.ts';
import type { FoundBy } from './compose/find-answer.ts';
import { refuseContradictions } from './contradictions.ts';
import { readJsonl } from './jsonl.ts';
import { linesOfForm } from './line-forms.ts';
import { type GivenGlossary, glossaryOf } from './material.ts';
import { splitsOf } from './split.ts';
import { type TrainingQuestion, trainingQuestionSchema } from './training-question.ts';

/** Training data: its examples, and the files that they were written to. */
export interface Dataset {
  /** SHA-256 of the training examples' canonical JSONL. */
  id: string;
  train: Example[];
  validation: Example[];
  /** Files, absolute. */
  files: { train: string; validation?: string };
  /** Where each example was read from (`FILE:LINE`), where that is not its place in a file of one example to a line. */
  places?: { train: string[]; validation: string[] };
  /** Training examples of each kind. */
  counts: Record<string, number>;
  /** Questions by how the passage that holds their answer was found. Ready-made examples and older datasets do not have it. */
  found?: Record<FoundBy, number>;
  /** Questions shown neither with passages nor with a refusal, because no indexed passage holds their answer. */
  unanswerable: number;
  /** For each document the lines, from 1, of the examples that have words of it. Older datasets do not have it. */
  documents?: Record<'train' | 'validation', Record<string, number[]>>;
  /** What happened to it since it was built. */
  note?: string;
}

/** Raised where the same inputs would make other examples than before. */
const composingRules = 2;

/** The parts that a dataset is made of. */
export type DatasetParts = Pick<
  Parts,
  | 'name'
  | 'settings'
  | 'material'
  | 'catalog'
  | 'models'
  | 'directory'
  | 'dataDirectory'
  | 'retriever'
  | 'whileOpen'
>;

/** What training data is made of, where it is not to be what the settings say. */
export interface BuildDatasetOptions {
  /** Replaces the parts' own: a CSV file or the entries. */
  glossary?: GivenGlossary;
  /** How many examples of each kind. Default: the settings' `dataset.mix`. */
  mix?: Partial<DatasetMix>;
  /** Of the draw and order of examples. */
  seed?: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/**
 * The training data: ready-made chat examples where there are any, else examples made of questions, glossary and index. Written to
 * `datasets/` in the data folder and remembered; the same inputs give the same id and are not built twice.
 * @throws InvalidInputError where there is nothing to train on, or a line does not fit
 *
 * @example
 * const { id, train, counts } = await buildDataset(tandem);
 */
export async function buildDataset(parts: DatasetParts, options: BuildDatasetOptions = {}): Promise<Dataset> {
  return parts.whileOpen((signal) => composeDataset(parts, { ...options, signal }), options.signal);
}

async function composeDataset(
  parts: DatasetParts,
  options: BuildDatasetOptions & { signal: AbortSignal },
): Promise<Dataset> {
  const { settings, material } = parts;
  if (material.examples) return rememberReadyMade(parts, material.examples);
  const questions = await trainingQuestions(parts);
  const glossary = await glossaryEntries(parts, options.glossary);
  if (questions.length === 0 && glossary.length === 0) {
    throw new InvalidInputError({
      domain: 'dataset',
      where: 'questions',
      message: `${parts.name} has nothing to train on.`,
      hint: 'Give questions, qa, examples or a glossary (in a config: dataset.questions, .qa, .train or .glossary).',
    });
  }
  const mix = { ...defaultMix, ...settings.dataset.mix, ...options.mix };
  const seed = options.seed ?? settings.tune.seed;
  const state = await parts.catalog.index.get();
  const recipe = sha256(
    canonicalJson({
      rules: composingRules,
      questions,
      glossary,
      mix,
      seed,
      answer: { ...settings.answer, styleRules: undefined },
      retrieve: await retrievalSettings(parts),
      index: state && [state.configurationHash, state.committedSeq],
    }),
  );
  const directory = join(parts.dataDirectory, 'datasets', recipe.slice(0, 16));
  const stored = await readStored(directory);
  if (stored) return stored;

  const retriever = await parts.retriever();
  const lengthOf = async (id: string) => (await parts.catalog.documents.get(id))?.text.length ?? 0;
  const compose = async (split: 'train' | 'validation') => {
    const own = questions.filter((question) => question.split === split);
    return composeExamples({
      questions: own,
      // The glossary is only learnt: a short form that was not taught cannot be known.
      glossary: split === 'train' ? glossary : [],
      settings,
      retriever,
      lengthOf,
      mix: split === 'train' ? mix : validationMix(mix, own.length),
      seed,
      signal: options.signal,
      ...(options.onProgress && { onProgress: options.onProgress }),
    });
  };
  const train = await compose('train');
  refuseToTeachRefusal(train, { mix, mostRefusals: settings.dataset.mostRefusals });
  const validation = await compose('validation');
  const built = {
    train: train.examples,
    validation: validation.examples,
    counts: train.counts,
    found: sumOf(train.found, validation.found),
    unanswerable: train.notFound.length + validation.notFound.length,
    documents: { train: linesByDocument(train.documents), validation: linesByDocument(validation.documents) },
  };
  return storeDataset(parts, directory, built);
}

/** Of examples that show passages, too many of which say that the answer is not there, a model learns to say so always. */
function refuseToTeachRefusal(
  { counts, found, notFound }: ComposedExamples,
  { mix, mostRefusals }: { mix: DatasetMix; mostRefusals: number },
): void {
  const holding = found.verbatim + found.source + found.similar;
  const asked = holding + notFound.length;
  if (mix.passages > 0 && asked > 0 && counts.passages === 0)
    throw new InvalidInputError({
      domain: 'dataset',
      where: 'dataset.questions',
      message: `No passage of the index holds the answer of any of the ${counted(asked, 'training question')}, so there is nothing to teach with passages.`,
      hint: 'Ingest the documents that the answers are from; name where each answer stands (`source`: documentId, and section or start and end); or set dataset.mix.passages and dataset.mix.absent to 0, to train on questions and answers alone.',
    });
  const share = counts.absent / (counts.absent + counts.passages);
  if (share > mostRefusals)
    throw new InvalidInputError({
      domain: 'dataset',
      where: 'dataset.mix',
      message: `${counts.absent} of the ${counts.absent + counts.passages} examples that show passages teach to say that the answer is not there (${Math.round(100 * share)} %), more than ${Math.round(100 * mostRefusals)} %: a model trained on them would refuse to answer.`,
      hint: 'Lower dataset.mix.absent, give more questions whose answers are in the documents, or raise dataset.mostRefusals.',
    });
}

const sumOf = (a: Record<FoundBy, number>, b: Record<FoundBy, number>): Record<FoundBy, number> => ({
  verbatim: a.verbatim + b.verbatim,
  source: a.source + b.source,
  similar: a.similar + b.similar,
});

/** The questions that may be trained on, each with its split; sources resolved against the index. */
export async function trainingQuestions({
  material,
  catalog,
  settings,
}: Pick<Parts, 'material' | 'catalog' | 'settings'>): Promise<TrainingQuestion[]> {
  const given = material.questions ?? material.qa;
  if (given === undefined) return [];
  const placed = await given.readPlaced(linesOfForm(trainingQuestionSchema, settings.answer));
  // An answer from each of two passages may be right where it stands; from one passage, or from none, only one of them can be learnt.
  for (const asked of Map.groupBy(placed, ({ value }) => canonicalJson(value.source ?? null)).values())
    refuseContradictions(asked);
  const lines = placed.map(({ value }) => value);
  const splits = splitsOf(lines);
  const withSplit = lines.map((line, at) => ({ ...line, split: line.split ?? splits[at]! }));
  const usable =
    material.questions === undefined
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

/** Validation cases: training questions set apart by group, for choosing prompts and calibrating; never trained on. */
export async function validationCases(
  parts: Pick<Parts, 'material' | 'catalog' | 'settings'>,
): Promise<Case[]> {
  const questions = await trainingQuestions(parts);
  return questions
    .filter(({ split, expected }) => split === 'validation' && expected !== undefined)
    .map(({ split: _split, wordings: _wordings, expected, ...rest }) => ({ ...rest, expected: expected! }));
}

/** What is taught of short forms: `given`, else the parts' own; none where there is neither. */
export async function glossaryEntries(
  { material }: Pick<Parts, 'material'>,
  given?: GivenGlossary,
): Promise<GlossaryEntry[]> {
  const glossary = given === undefined ? material.glossary : glossaryOf(given);
  return (await glossary?.read()) ?? [];
}

/** Of examples that need not be composed: only read, counted and remembered. */
async function rememberReadyMade(
  parts: DatasetParts,
  examples: NonNullable<Material['examples']>,
): Promise<Dataset> {
  const placed = {
    train: await examples.train.readPlaced(exampleSchema),
    validation: (await examples.validation?.readPlaced(exampleSchema)) ?? [],
  };
  const train = placed.train.map(({ value }) => value);
  const validation = placed.validation.map(({ value }) => value);
  const places = {
    train: placed.train.map(({ where }) => where),
    validation: placed.validation.map(({ where }) => where),
  };
  const id = sha256(jsonl(train));
  const file = examples.train.file;
  if (file === undefined) {
    const directory = join(parts.dataDirectory, 'datasets', id.slice(0, 16));
    const stored = { train, validation, counts: countKinds(train), unanswerable: 0 };
    return { ...(await storeDataset(parts, directory, stored)), places };
  }
  await parts.catalog.datasets.put({
    id,
    path: relative(parts.dataDirectory, file),
    counts: { train: train.length, validation: validation.length },
    createdAt: new Date().toISOString(),
  });
  const files = {
    train: file,
    ...(examples.validation?.file !== undefined && { validation: examples.validation.file }),
  };
  return { id, train, validation, files, places, counts: countKinds(train), unanswerable: 0 };
}

/** `manifest.json` beside the examples: written last, so that a folder that has one is whole. */
export type DatasetManifest = Pick<
  Dataset,
  'id' | 'counts' | 'found' | 'unanswerable' | 'documents' | 'note'
>;

function linesByDocument(documents: readonly string[][]): Record<string, number[]> {
  const lines: Record<string, number[]> = {};
  for (const [i, ids] of documents.entries()) for (const id of ids) (lines[id] ??= []).push(i + 1);
  return lines;
}

async function storeDataset(
  parts: DatasetParts,
  directory: string,
  built: Omit<Dataset, 'id' | 'files'>,
): Promise<Dataset> {
  const train = jsonl(built.train);
  const id = sha256(train);
  const files = { train: join(directory, 'train.jsonl'), validation: join(directory, 'validation.jsonl') };
  await mkdir(directory, { recursive: true });
  await writeAtomically(files.train, train);
  await writeAtomically(files.validation, jsonl(built.validation));
  const { counts, found, unanswerable, documents } = built;
  const manifest: DatasetManifest = {
    id,
    counts,
    ...(found && { found }),
    unanswerable,
    ...(documents && { documents }),
  };
  await writeAtomically(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await parts.catalog.datasets.put({
    id,
    path: relative(parts.dataDirectory, dirname(files.train)),
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

/** One example, or pair, a line, keys sorted: what `id` is the hash of. */
export const jsonl = (lines: readonly object[]) => lines.map((line) => `${canonicalJson(line)}\n`).join('');

/** Whether a model learns from such examples to write search queries. */
export const teachesRewriting = ({ rewrite = 0, glossary = 0 }: Dataset['counts']): boolean =>
  rewrite + glossary > 0;

function countKinds(examples: readonly Example[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { metadata } of examples)
    counts[metadata?.kind ?? 'example'] = (counts[metadata?.kind ?? 'example'] ?? 0) + 1;
  return counts;
}
