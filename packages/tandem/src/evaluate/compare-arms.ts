import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { join, relative } from 'node:path';
import { createAnswerer } from '../answer/answerer.ts';
import { findAdapter } from '../answer/find-adapter.ts';
import { promptVariants } from '../answer/prompt.ts';
import { finishFailedRun } from '../catalog/finish-failed-run.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { hashJson } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { PromptVariant } from '../core/settings.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { type ArmName, armNames } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import { glossaryEntries, validationCases } from '../dataset/build-dataset.ts';
import { type CaseLine, readCases } from '../dataset/cases.ts';
import { type GivenLines, linesOf } from '../dataset/material.ts';
import { splitOf } from '../dataset/split.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { checkoutOf } from '../parts/checkout.ts';
import type { Parts } from '../parts/parts.ts';
import { retrievalSettings } from '../parts/retriever-for.ts';
import { createRandom, shuffled } from '../statistics/random.ts';
import { calibrateConfidence } from './calibrate-confidence.ts';
import { checkLeakage } from './check-leakage.ts';
import { type ChosenPrompt, choosePrompts } from './choose-prompts.ts';
import { compare as compareArms, planComparison } from './compare.ts';
import { createMetrics, defaultPrimary } from './metrics/index.ts';
import { extractArm, glossaryArm } from './reference-arms.ts';
import { renderReport } from './report.ts';
import { openResultStore } from './result-store.ts';
import type { ArmsComparison, ArmUnderTest, ComparisonResult, Provenance } from './types.ts';

export interface CompareOptions {
  /** Default: all four where there is an adapter, else base and rag. */
  arms?: readonly ArmName[];
  /** Rows that are only yardsticks (a glossary lookup, an extract). Default true. */
  references?: boolean;
  adapterId?: string;
  /** A JSONL file of cases, or the cases; default: the parts' own. */
  cases?: GivenLines<CaseLine>;
  /** At most so many cases of each kind, drawn over groups first. */
  casesPerKind?: number;
  /** Validation cases on which prompts are chosen and confidence is calibrated; 0 leaves both out. Default 24. */
  validationCases?: number;
  latencyCases?: number;
  /** Why the held-out cases are looked at; kept in the catalogue. */
  purpose?: string;
  seed?: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
  /** Told before the first answer. */
  onEstimate?: (estimate: CompareEstimate) => void;
  /** Stop after the estimate. */
  estimateOnly?: boolean;
  /** How to repeat it; shown in the report. */
  command?: string;
}

export interface CompareEstimate {
  answers: number;
  stored: number;
  minutes: number;
  memoryBytes: number;
  /** US dollars; undefined where a provider's price is not known. */
  money: number | undefined;
  basis: string;
}

export interface Comparison {
  runId: string;
  result: ComparisonResult;
  files: { result: string; report: string };
  estimate: CompareEstimate;
}

/** The arms on the project's held-out cases; writes `comparison.json` and `report.html`. Goes on where it was cut off. */
export async function compare(
  parts: Parts,
  options?: CompareOptions & { estimateOnly?: false },
): Promise<Comparison>;
export async function compare(
  parts: Parts,
  options?: CompareOptions,
): Promise<Comparison | { estimate: CompareEstimate }>;
export async function compare(
  parts: Parts,
  options: CompareOptions = {},
): Promise<Comparison | { estimate: CompareEstimate }> {
  const { name: project, settings, catalog, dataDirectory } = parts;
  const { signal, onProgress } = options;
  const seed = options.seed ?? 1;
  const names = await armsToCompare(parts, options);
  const needsAdapter = names.includes('tuned') || names.includes('hybrid');
  const adapter = needsAdapter ? (await findAdapter(parts, options.adapterId)).adapter : undefined;
  const cases = sample(await heldOutCases(parts, options, needsAdapter), options.casesPerKind, seed);
  const leakage = adapter ? await checkLeakage(parts, adapter, cases) : undefined;
  const validation = sample(await validationCases(parts), options.validationCases ?? 24, seed, 'in all');

  const chat = await parts.models.chat();
  const tools = localToolsOf(chat);
  const metrics = createMetrics(settings.answer);
  const primary = defaultPrimary(settings.answer);
  // Before the stored answers are opened: opening mends a torn last line, which must not be another process's.
  await using _lock = await catalog.lockForWriting('comparing', signal && { signal });
  await using store = await openResultStore(join(dataDirectory, 'comparison-answers.jsonl'));

  const common = await commonFingerprint(parts, tools?.baseHash);
  const variantCount = names
    .filter((name) => name === 'base' || name === 'rag')
    .reduce((sum, name) => sum + promptVariants(name as 'base' | 'rag', settings.answer).length, 0);
  const choosing = validation.length > 0 && variantCount > 2 ? variantCount * validation.length : 0;

  const armsFor = async (prompts: readonly ChosenPrompt[]): Promise<ArmUnderTest[]> => {
    const arms = await Promise.all(
      names.map((name) =>
        arm(parts, name, {
          common,
          adapter,
          variant: prompts.find((prompt) => prompt.arm === name)?.variant,
        }),
      ),
    );
    if (options.references === false || !names.includes('rag')) return arms;
    const rag = arms.find(({ name }) => name === 'rag')!;
    const glossary = await glossaryEntries(parts);
    const references = [await extractArm(parts, common)];
    if (glossary.length > 0)
      references.unshift(
        await glossaryArm(parts, rag, glossary, prompts.find((prompt) => prompt.arm === 'rag')?.variant),
      );
    return [...arms, ...references];
  };
  const base: Omit<ArmsComparison, 'arms'> = {
    project,
    cases,
    metrics,
    primary,
    subject: {
      model: chat.modelId,
      ...(tools && { modelHash: tools.baseHash }),
      ...(names.includes('rag') || names.includes('hybrid') ? { embedder: parts.models.names.embedder } : {}),
    },
    store,
    latencyCases: options.latencyCases ?? 12,
    seed,
    provenance: { machine: machine() },
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };

  const plan = planComparison({ ...base, arms: await armsFor([]) });
  const estimate = await estimateComparison(parts, {
    ...plan,
    extra: choosing + validation.length * names.length * 0.5,
    local: tools !== undefined,
  });
  options.onEstimate?.(estimate);
  if (options.estimateOnly) return { estimate };

  const run = await catalog.runs.start({
    kind: 'compare',
    config: {
      arms: names,
      k: settings.retrieve.k,
      seed,
      casesPerKind: options.casesPerKind,
      validationCases: validation.length,
    },
    inputs: { cases: hashJson(cases), ...(adapter && { adapter: adapter.id }) },
  });
  const startedAt = Date.now();
  try {
    const prompts = await choosePrompts(parts, {
      names,
      validation,
      metrics,
      primary: primary.metric,
      store,
      common,
      signal,
      onProgress,
    });
    const calibrations = await calibrateConfidence(parts, {
      names,
      prompts,
      validation,
      adapter,
      store,
      common,
      signal,
      onProgress,
    });
    const look = await catalog.looks.add({
      casesHash: hashJson(cases.map(({ id }) => id)),
      purpose: options.purpose ?? 'compare',
      runId: run.id,
    });
    const arms = await armsFor(prompts);
    const looks = await catalog.looks.list();
    const result = await compareArms({
      ...base,
      arms,
      provenance: {
        ...base.provenance,
        ...(await provenance(parts, { options, names, prompts, adapter, leakage })),
        devLooks: looks.length > 0 ? looks.map(({ at, purpose }) => ({ at, purpose })) : [look],
        notes: calibrations.notes,
      },
    });
    const directory = join(dataDirectory, 'reports', run.id);
    await mkdir(directory, { recursive: true });
    const files = { result: join(directory, 'comparison.json'), report: join(directory, 'report.html') };
    await writeFile(files.result, `${JSON.stringify(result)}\n`);
    await writeFile(files.report, renderReport(result));
    const made = plan.answers + plan.latencyAnswers - plan.stored - plan.latencyStored + choosing;
    await catalog.runs.finish(run.id, {
      status: 'done',
      metrics: {
        cases: cases.length,
        seconds: (Date.now() - startedAt) / 1000,
        ...(made > 20 && { secondsPerAnswer: (Date.now() - startedAt) / 1000 / made }),
      },
      artefacts: Object.values(files).map((file) => relative(dataDirectory, file)),
    });
    return { runId: run.id, result, files, estimate };
  } catch (error) {
    await finishFailedRun(catalog, run.id, error, { signal });
    throw error;
  }
}

async function armsToCompare(parts: Parts, options: CompareOptions): Promise<ArmName[]> {
  if (options.arms) return [...new Set(options.arms)];
  const trained = (await parts.catalog.adapters.list()).length > 0;
  return armNames.filter((name) => trained || name === 'base' || name === 'rag');
}

async function heldOutCases(parts: Parts, options: CompareOptions, trained: boolean): Promise<Case[]> {
  const { material, catalog } = parts;
  const given = options.cases === undefined ? material.cases : linesOf(options.cases, 'cases');
  if (given !== undefined) return readCases(given, catalog.documents);
  if (material.qa === undefined) {
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'cases',
      message: 'There are no held-out questions to compare on.',
      hint: 'Give cases ({id, question, expected}), or set dataset.cases in tandem.config.ts.',
    });
  }
  const all = await readCases(material.qa, catalog.documents);
  // Without a trained arm nothing was learnt from the file, and all of it can be asked.
  const heldOut = trained ? all.filter(({ id, group }) => splitOf(group ?? id) === 'cases') : all;
  if (heldOut.length > 0) return heldOut;
  throw new InvalidInputError({
    domain: 'evaluate',
    where: 'qa',
    message: `Of the ${all.length} questions${material.qa.file === undefined ? '' : ` in ${material.qa.file}`} none is held out.`,
    hint: 'Give more questions, or held-out cases.',
  });
}

/** At most `count` of each kind (or in all), every group once before any twice; the same for the same seed. */
function sample(
  cases: readonly Case[],
  count: number | undefined,
  seed: number,
  scope: 'of each kind' | 'in all' = 'of each kind',
): Case[] {
  if (count === undefined) return [...cases];
  const random = createRandom(seed);
  const taken = new Set<Case>();
  for (const pool of Map.groupBy(cases, ({ kind }) => (scope === 'in all' ? '' : (kind ?? ''))).values()) {
    const rounds = new Map<string, number>();
    const ordered = shuffled(pool, random)
      .map((item) => {
        const group = item.group ?? item.id;
        rounds.set(group, (rounds.get(group) ?? 0) + 1);
        return { item, round: rounds.get(group)! };
      })
      .sort((a, b) => a.round - b.round);
    for (const { item } of ordered.slice(0, count)) taken.add(item);
  }
  return cases.filter((item) => taken.has(item));
}

const descriptions: Record<ArmName, { label: string; description: string }> = {
  base: { label: 'base', description: 'The model as it is, with instructions and no documents.' },
  rag: {
    label: 'rag',
    description: 'The model as it is, with instructions and the passages found for the question.',
  },
  tuned: {
    label: 'tuned',
    description: 'The fine-tuned model with one line of instruction and no documents.',
  },
  hybrid: {
    label: 'hybrid',
    description: 'The fine-tuned model: it writes the search query, then answers from the passages found.',
  },
};

async function arm(
  parts: Parts,
  name: ArmName,
  {
    common,
    adapter,
    variant,
  }: { common: string; adapter: Adapter | undefined; variant: PromptVariant | undefined },
): Promise<ArmUnderTest> {
  const trained = name === 'tuned' || name === 'hybrid';
  const prompt =
    name === 'base' || name === 'rag'
      ? (variant ?? promptVariants(name, parts.settings.answer)[0]!)
      : undefined;
  const answerer = await createAnswerer(parts, {
    arm: name,
    ...(adapter && { adapterId: adapter.id }),
  });
  return {
    name,
    ...descriptions[name],
    reference: false,
    retrieves: name === 'rag' || name === 'hybrid',
    trained,
    fingerprint: hashJson({
      common,
      name,
      prompt,
      adapter: trained ? adapter?.id : undefined,
      // Answers kept from before do not count what the search query took.
      ...(name === 'hybrid' && { usage: 'with the rewrite' }),
    }),
    answer: ({ question }, signal) =>
      answerer.answer(question, { signal, ...(prompt && { variant: prompt }) }),
  };
}

/** What all arms share and what their answers hang on: model, index, k, form of the reply. */
async function commonFingerprint(parts: Parts, baseHash: string | undefined): Promise<string> {
  const { settings, catalog } = parts;
  const index = await catalog.index.get();
  const { styleRules: _rules, prompts: _prompts, arm: _arm, ...answer } = settings.answer;
  return hashJson({
    model: baseHash ?? parts.models.names.chat,
    embedder: parts.models.names.embedder,
    index: index && [index.configurationHash, index.committedSeq],
    retrieve: await retrievalSettings(parts),
    answer,
  });
}

async function estimateComparison(
  parts: Parts,
  plan: ReturnType<typeof planComparison> & { extra: number; local: boolean },
): Promise<CompareEstimate> {
  const earlier = (await parts.catalog.runs.list({ kind: 'compare' })).find(
    ({ metrics }) => metrics.secondsPerAnswer !== undefined,
  );
  const seconds = earlier?.metrics.secondsPerAnswer ?? 2.5;
  const answers = plan.answers + plan.latencyAnswers;
  const stored = plan.stored + plan.latencyStored;
  return {
    answers,
    stored,
    minutes: ((answers - stored + plan.extra) * seconds) / 60,
    memoryBytes: process.memoryUsage.rss() + 600e6,
    money: plan.local ? 0 : undefined,
    basis: earlier
      ? `${seconds.toFixed(1)} s an answer, as in the last comparison`
      : `${seconds} s an answer, a guess before the first comparison on this machine`,
  };
}

async function provenance(
  parts: Parts,
  {
    options,
    names,
    prompts,
    adapter,
    leakage,
  }: {
    options: CompareOptions;
    names: ArmName[];
    prompts: ChosenPrompt[];
    adapter: Adapter | undefined;
    leakage: Provenance['leakage'] | undefined;
  },
): Promise<Provenance> {
  const { settings, catalog } = parts;
  const retrieves = names.includes('rag') || names.includes('hybrid');
  const { documents, chunks } = await catalog.documents.count();
  return {
    ...checkoutOf(parts.directory),
    command: options.command ?? 'compare',
    seeds: { compare: options.seed ?? 1, ...(adapter && { training: settings.tune.seed }) },
    prompts: prompts.map(({ arm: name, variant, tried }) => ({
      arm: name,
      chosen: variant.id,
      variants: tried,
    })),
    grammar: {
      used: settings.answer.grammar && settings.answer.output !== undefined,
      note:
        settings.answer.output === undefined
          ? 'Replies are plain text.'
          : settings.answer.grammar
            ? "Every arm's reply is held to the JSON schema by the same grammar; a local model can cite only the passages that it was given."
            : "No arm's reply is held to the JSON schema.",
    },
    ...(retrieves && {
      retrieval: {
        index: searchedIn(parts),
        embedder: parts.models.names.embedder,
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

/** Where passages are found, and what puts them in order, for the report. */
export function searchedIn({
  storeName,
  settings,
  models,
}: Pick<Parts, 'storeName' | 'settings'> & { models: Pick<Parts['models'], 'names'> }): string {
  const { reranker } = models.names;
  const reranked = reranker
    ? `, the best ${settings.retrieve.rerankCandidates} read once more by ${reranker}`
    : '';
  return `${storeName}: found by meaning and by words, ranked by fitted features${reranked}`;
}

function machine(): NonNullable<Provenance['machine']> {
  return {
    system: `${type()} ${release()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
  };
}
