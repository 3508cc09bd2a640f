import { cpus, release, totalmem, type } from 'node:os';
import type { Adapter } from '../core/types/adapter.ts';
import type { ArmName } from '../core/types/answer.ts';
import type { KeptHead } from '../decide/find-head.ts';
import { titleOfModel } from '../models/model-kinds.ts';
import { checkoutOf } from '../parts/checkout.ts';
import type { Parts } from '../parts/parts.ts';
import { searches } from './arms.ts';
import type { ChosenPrompt } from './choose-prompts.ts';
import type { Provenance } from './comparison-result.ts';

/** What a comparison was made with, as far as its steps know it. */
export interface ComparisonMaking {
  names: readonly ArmName[];
  adapter?: Adapter | undefined;
  prompts: readonly ChosenPrompt[];
  leakage?: Provenance['leakage'] | undefined;
  seed: number;
  /** How to repeat it. */
  command: string;
}

/** How the comparison was made, for the report's reader; beside the machine, the looks at the cases and the notes. */
export async function describeProvenance(
  making: ComparisonMaking,
  parts: Pick<Parts, 'settings' | 'catalog' | 'models' | 'directory' | 'storeName'>,
): Promise<Provenance> {
  const { names, adapter, prompts, leakage, seed, command } = making;
  const { settings, catalog } = parts;
  const { documents, chunks } = await catalog.documents.count();
  return {
    ...checkoutOf(parts.directory),
    command,
    seeds: { compare: seed, ...(adapter && { training: settings.tune.seed }) },
    prompts: prompts.map(({ arm, variant, tried }) => ({ arm, chosen: variant.id, variants: tried })),
    grammar: describeGrammar(parts),
    ...(names.some(searches) && {
      retrieval: {
        index: describeSearch(parts),
        embedder: titleOfModel(parts.models.names.embedder),
        k: settings.retrieve.k,
        chunks,
        documents,
        note: 'rag and hybrid share index, embedder and k; hybrid searches with the rewritten query and the question, fused.',
      },
    }),
    ...(adapter && {
      training: {
        adapterId: adapter.id,
        mix: (await catalog.datasets.get(adapter.lineage.datasetHash))?.counts ?? {},
        hyperparameters: adapter.lineage.hyperparameters,
        lineage: {
          base: adapter.lineage.baseHash,
          template: adapter.lineage.templateHash,
          dataset: adapter.lineage.datasetHash,
          run: adapter.lineage.runId,
        },
        metrics: adapter.metrics as unknown as Record<string, number>,
      },
    }),
    ...(leakage && { leakage }),
  };
}

/** What the head was trained on, as one of the report's notes. */
export function describeHead({ id, seconds, figures }: KeptHead): NonNullable<Provenance['notes']>[number] {
  const fields = figures.map(
    ({ path, questions, folds, l2 }) =>
      `${path} on ${questions} wordings (l2 ${l2}), right in ${(100 * folds.accuracy).toFixed(1)} % of ${folds.questions} left out`,
  );
  return { label: 'Head', text: `${id}, trained in ${seconds.toFixed(1)} s: ${fields.join('; ')}.` };
}

/** Where passages are found, and what puts them in order, for the report. */
export function describeSearch({
  storeName,
  settings,
  models,
}: Pick<Parts, 'storeName' | 'settings'> & { models: Pick<Parts['models'], 'names'> }): string {
  const { mode = 'hybrid' } = settings.retrieve;
  if (mode !== 'hybrid') return `${storeName}: found by ${mode === 'dense' ? 'meaning' : 'words'} alone`;
  const { reranker } = models.names;
  const reranked = reranker
    ? `, the best ${settings.retrieve.rerankCandidates} read once more by ${reranker}`
    : '';
  const learnt =
    settings.retrieve.ranking === undefined ? '' : ', weighed as this project’s questions taught';
  return `${storeName}: found by meaning and by words, ranked by both, and by phrases, names and codes${learnt}${reranked}`;
}

/** This machine; times are compared only with others of the same. */
export function describeMachine(): NonNullable<Provenance['machine']> {
  return {
    system: `${type()} ${release()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
  };
}

function describeGrammar({ settings }: Pick<Parts, 'settings'>): NonNullable<Provenance['grammar']> {
  const { grammar, output } = settings.answer;
  return {
    used: grammar && output !== undefined,
    note:
      output === undefined
        ? 'Replies are plain text.'
        : grammar
          ? "Every arm's reply is held to the JSON schema by the same grammar; a local model can cite only the passages that it was given."
          : "No arm's reply is held to the JSON schema.",
  };
}
