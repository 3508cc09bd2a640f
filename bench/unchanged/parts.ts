/** What is compared: each part has a checkout do something with the projects, and gives what came of it. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { jsonLines } from '../data/json-lines.ts';
import type { SearchRequest } from './checkout.ts';
import {
  collections,
  conversationFile,
  evenly,
  fewQuestionsFile,
  nameOf,
  questionsFile,
  requestsFile,
} from './inputs.ts';
import type { Side } from './side.ts';

/** What was compared, such as "clinic: search" → the question's id, or a name → what came of it, as JSON. */
export type Observations = Record<string, Record<string, unknown>>;

export const parts: Record<string, (side: Side) => Observations> = {
  search: (side) => searchesIn('clinic', side),
  collections: (side) =>
    Object.assign(
      {},
      ...collections
        .map(nameOf)
        .filter((name) => existsSync(join(side.inputs, name)))
        .map((name) => searchesIn(name, side)),
    ),
  extracts,
  answers,
  training,
  comparison,
};

function searchesIn(name: string, { checkout, ingested }: Side): Observations {
  const { project, report } = ingested(name);
  const requests = JSON.parse(readFileSync(join(project, requestsFile), 'utf8')) as SearchRequest[];
  const batch = jsonLines<{ id: string; passages: unknown[] }>(
    checkout.tandem(project, 'search', '--batch', questionsFile, '--k', '10'),
  );
  const found = checkout.search(project, requests);
  return {
    [`${name}: ingest`]: { report },
    [`${name}: search`]: Object.fromEntries(batch.map(({ id, passages }) => [id, passages])),
    [`${name}: search, all of it`]: Object.fromEntries(requests.map(({ id }, at) => [id, found[at]])),
  };
}

function extracts(side: Side): Observations {
  const { project } = side.ingested('clinic');
  const answered = answersTo(side, project, questionsFile, '--extract');
  const followUp = ['ask', '--extract', '--conversation', conversationFile, 'And is it hereditary?'];
  return {
    extracts: { ...byId(answered), 'in a conversation': side.json(project, ...followUp) },
    'extracts: traces': tracesOf(side, project, evenly(answered, 12)),
  };
}

function answers(side: Side): Observations {
  const { project } = side.ingested('clinic');
  const plain = side.under('plain.config.ts', 'clinic');
  return {
    ...answersOf(side, project, 'base', 'answers in JSON'),
    ...answersOf(side, project, 'rag', 'answers in JSON'),
    ...answersOf(side, plain, 'base', 'plain answers'),
    ...answersOf(side, plain, 'rag', 'plain answers'),
  };
}

function training(side: Side): Observations {
  const { project, adapter } = side.trained();
  const data = join(project, '.tandem');
  const own = join(data, adapter.directory);
  // The card, README.md, has the adapter's id and the day; of the weights' files every byte is compared.
  const weights = ['adapter.gguf', 'peft/adapter_config.json', 'peft/adapter_model.safetensors'];
  // The folder is named after the index's rules as well, which may change where the examples do not.
  const [dataset] = globSync(join(data, 'datasets', '*'));
  const manifest = JSON.parse(readFileSync(join(dataset!, 'manifest.json'), 'utf8'));
  return {
    'training: dataset': {
      ...Object.fromEntries(
        ['train', 'validation'].map((file) => [file, hashOf(join(dataset!, `${file}.jsonl`))]),
      ),
      manifest,
    },
    'training: adapter': { ...Object.fromEntries(weights.map((file) => [file, hashOf(join(own, file))])) },
    'training: record': { adapter: { ...adapter, directory: undefined }, run: trainingRun(data) },
    ...answersOf(side, project, 'tuned', 'answers with the adapter'),
    ...answersOf(side, project, 'hybrid', 'answers with the adapter'),
  };
}

/** What a training is known by (its data, base, template and the hash of these and its settings), which no command prints. */
function trainingRun(data: string): unknown {
  using catalogue = new DatabaseSync(join(data, 'catalog.sqlite'), { readOnly: true });
  const run = catalogue.prepare("SELECT config, inputs FROM runs WHERE kind = 'tune'").get()!;
  return { config: JSON.parse(String(run.config)), inputs: JSON.parse(String(run.inputs)) };
}

interface ComparisonFile {
  metrics: { id: string; unit: string }[];
  arms: { name: string; fingerprint?: string }[];
  slices: { kind: string | null; arms: { metric: string }[]; pairs: { metric: string }[] }[];
  cases: { case: { id: string }; arms: Record<string, { values: Record<string, number> }> }[];
  verdict: { reasons: { title: string; text: string }[] };
}

function comparison(side: Side): Observations {
  const { project } = side.trained();
  const { files } = side.json<{ files: { result: string } }>(
    project,
    ...[
      'compare',
      '--arms',
      'base,rag,tuned,hybrid',
      '--validation-cases',
      '12',
      '--purpose',
      'nothing changed',
    ],
  );
  const { metrics, arms, slices, cases, verdict, ...rest } = JSON.parse(
    readFileSync(files.result, 'utf8'),
  ) as ComparisonFile & Record<string, unknown>;
  const inTime = new Set(metrics.filter(({ unit }) => unit === 'ms').map(({ id }) => id));
  const timeless = <T extends { metric: string }>(list: T[]) =>
    list.filter(({ metric }) => !inTime.has(metric));
  for (const { arms } of cases)
    for (const { values } of Object.values(arms)) for (const id of inTime) delete values[id];
  return {
    'comparison: cases': Object.fromEntries(cases.map((each) => [each.case.id, each])),
    'comparison: metrics': Object.fromEntries(
      slices.map(({ kind, arms, pairs, ...slice }) => [
        kind ?? 'all cases',
        { ...slice, arms: timeless(arms), pairs: timeless(pairs) },
      ]),
    ),
    'comparison: verdict': {
      verdict: JSON.parse(JSON.stringify(verdict).replace(/[\d.,]+ m?s\b/g, '<time>')),
    },
    // The result's id and the arms' fingerprints hash the adapter's random id and the index's rules.
    'comparison: the rest': {
      ...rest,
      id: undefined,
      metrics,
      arms: arms.map(({ fingerprint: _fingerprint, ...arm }) => arm),
    },
  };
}

interface BatchAnswer {
  id: string;
  traceId: string;
}

function answersTo(side: Side, project: string, questions: string, ...how: string[]): BatchAnswer[] {
  return jsonLines<BatchAnswer>(side.checkout.tandem(project, 'ask', '--batch', questions, ...how));
}

function answersOf(side: Side, project: string, arm: string, kind: string): Observations {
  const answered = answersTo(side, project, fewQuestionsFile, '--arm', arm);
  return {
    [`${kind}: ${arm}`]: byId(answered),
    [`${kind}: ${arm}, traces`]: tracesOf(side, project, answered),
  };
}

function tracesOf(side: Side, project: string, answered: readonly BatchAnswer[]): Record<string, unknown> {
  return Object.fromEntries(answered.map(({ id, traceId }) => [id, side.json(project, 'trace', traceId)]));
}

const byId = (answered: readonly BatchAnswer[]) =>
  Object.fromEntries(answered.map((each) => [each.id, each]));

const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
