import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { promptVariants } from '../answer/prompt.ts';
import { finishFailedRun } from '../catalog/finish-failed-run.ts';
import type { Config, PromptVariant } from '../core/config.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { hashJson } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { type ArmName, armNames } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import { loadCases } from '../dataset/cases.ts';
import { splitOf } from '../dataset/split.ts';
import { compare as compareArms, planComparison } from '../evaluate/compare.ts';
import { createMetrics, defaultPrimary } from '../evaluate/metrics/index.ts';
import { renderReport } from '../evaluate/report.ts';
import { openResultStore } from '../evaluate/result-store.ts';
import type { ArmUnderTest, CompareOptions, ComparisonResult, Provenance } from '../evaluate/types.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { createRandom, shuffled } from '../statistics/random.ts';
import { calibrateConfidence } from './calibrate-confidence.ts';
import { type ChosenPrompt, choosePrompts } from './choose-prompts.ts';
import { projectGlossary, validationCases } from './dataset.ts';
import { checkLeakage } from './leakage.ts';
import type { Project } from './project.ts';
import { extractArm, glossaryArm } from './reference-arms.ts';
import { retrievalSettings } from './retriever-for.ts';

export interface CompareProjectOptions {
  /** Default: all four where there is an adapter, else base and rag. */
  arms?: readonly ArmName[];
  /** Rows that are only yardsticks (a glossary lookup, an extract). Default true. */
  references?: boolean;
  adapterId?: string;
  /** JSONL of cases; default the config's. */
  cases?: string;
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
  project: Project,
  options?: CompareProjectOptions & { estimateOnly?: false },
): Promise<Comparison>;
export async function compare(
  project: Project,
  options?: CompareProjectOptions,
): Promise<Comparison | { estimate: CompareEstimate }>;
export async function compare(
  project: Project,
  options: CompareProjectOptions = {},
): Promise<Comparison | { estimate: CompareEstimate }> {
  const { config, catalog, dataDirectory } = project;
  const { signal, onProgress } = options;
  const seed = options.seed ?? 1;
  const names = await armsToCompare(project, options);
  const needsAdapter = names.includes('tuned') || names.includes('hybrid');
  const adapter = needsAdapter ? (await project.adapter(options.adapterId)).adapter : undefined;
  const cases = sample(await heldOutCases(project, options, needsAdapter), options.casesPerKind, seed);
  const leakage = adapter ? await checkLeakage(project, adapter, cases) : undefined;
  const validation = sample(await validationCases(project), options.validationCases ?? 24, seed, 'in all');

  const models = await project.models();
  const chat = await models.chat();
  const tools = localToolsOf(chat);
  const metrics = createMetrics(config.answer);
  const primary = defaultPrimary(config.answer);
  // Before the stored answers are opened: opening mends a torn last line, which must not be another process's.
  await using _lock = await catalog.lockForWriting('comparing', signal && { signal });
  await using store = await openResultStore(join(dataDirectory, 'comparison-answers.jsonl'));

  const common = await commonFingerprint(project, tools?.baseHash);
  const variantCount = names
    .filter((name) => name === 'base' || name === 'rag')
    .reduce((sum, name) => sum + promptVariants(name as 'base' | 'rag', config.answer).length, 0);
  const choosing = validation.length > 0 && variantCount > 2 ? variantCount * validation.length : 0;

  const armsFor = async (prompts: readonly ChosenPrompt[]): Promise<ArmUnderTest[]> => {
    const arms = await Promise.all(
      names.map((name) =>
        arm(project, name, {
          common,
          adapter,
          variant: prompts.find((prompt) => prompt.arm === name)?.variant,
        }),
      ),
    );
    if (options.references === false || !names.includes('rag')) return arms;
    const rag = arms.find(({ name }) => name === 'rag')!;
    const glossary = await projectGlossary(project);
    const references = [await extractArm(project, common)];
    if (glossary.length > 0)
      references.unshift(
        await glossaryArm(project, rag, glossary, prompts.find((prompt) => prompt.arm === 'rag')?.variant),
      );
    return [...arms, ...references];
  };
  const base: Omit<CompareOptions, 'arms'> = {
    project: config.name,
    cases,
    metrics,
    primary,
    subject: {
      model: chat.modelId,
      ...(tools && { modelHash: tools.baseHash }),
      ...(names.includes('rag') || names.includes('hybrid')
        ? { embedder: withoutFolders(config.models.embedder) }
        : {}),
    },
    store,
    latencyCases: options.latencyCases ?? 12,
    seed,
    provenance: { machine: machine() },
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };

  const plan = planComparison({ ...base, arms: await armsFor([]) });
  const estimate = await estimateComparison(project, {
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
      k: config.retrieve.k,
      seed,
      casesPerKind: options.casesPerKind,
      validationCases: validation.length,
    },
    inputs: { cases: hashJson(cases), ...(adapter && { adapter: adapter.id }) },
  });
  const startedAt = Date.now();
  try {
    const prompts = await choosePrompts(project, {
      names,
      validation,
      metrics,
      primary: primary.metric,
      store,
      common,
      signal,
      onProgress,
    });
    const calibrations = await calibrateConfidence(project, {
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
        ...(await provenance(project, { options, names, prompts, adapter, leakage })),
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

async function armsToCompare(project: Project, options: CompareProjectOptions): Promise<ArmName[]> {
  if (options.arms) return [...new Set(options.arms)];
  const trained = (await project.catalog.adapters.list()).length > 0;
  return armNames.filter((name) => trained || name === 'base' || name === 'rag');
}

async function heldOutCases(
  project: Project,
  options: CompareProjectOptions,
  trained: boolean,
): Promise<Case[]> {
  const { config, directory, catalog } = project;
  const file =
    options.cases !== undefined
      ? resolve(options.cases)
      : config.dataset.cases && resolve(directory, config.dataset.cases);
  if (file !== undefined) return loadCases(file, catalog.documents);
  if (config.dataset.qa === undefined) {
    throw new InvalidInputError({
      domain: 'project',
      where: 'cases',
      message: 'There are no held-out questions to compare on.',
      hint: 'Give them with --cases FILE.jsonl ({id, question, expected}), or set dataset.cases in tandem.config.ts.',
    });
  }
  const all = await loadCases(resolve(directory, config.dataset.qa), catalog.documents);
  // Without a trained arm nothing was learnt from the file, and all of it can be asked.
  const heldOut = trained ? all.filter(({ id, group }) => splitOf(group ?? id) === 'cases') : all;
  if (heldOut.length > 0) return heldOut;
  throw new InvalidInputError({
    domain: 'project',
    where: 'dataset.qa',
    message: `Of the ${all.length} questions in ${config.dataset.qa} none is held out.`,
    hint: 'Give more questions, or held-out ones with --cases FILE.jsonl.',
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
  project: Project,
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
      ? (variant ?? promptVariants(name, project.config.answer)[0]!)
      : undefined;
  const answerer = await project.answerer(name, adapter?.id);
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
      answerer.answer(question, { arm: name, signal, ...(prompt && { variant: prompt }) }),
  };
}

/** What all arms share and what their answers hang on: model, index, k, form of the reply. */
async function commonFingerprint(project: Project, baseHash: string | undefined): Promise<string> {
  const { config, catalog } = project;
  const index = await catalog.index.get();
  const { styleRules: _rules, prompts: _prompts, arm: _arm, ...answer } = config.answer;
  return hashJson({
    model: baseHash ?? config.models.chat,
    embedder: config.models.embedder,
    index: index && [index.configurationHash, index.committedSeq],
    retrieve: await retrievalSettings(project),
    answer,
  });
}

async function estimateComparison(
  project: Project,
  plan: ReturnType<typeof planComparison> & { extra: number; local: boolean },
): Promise<CompareEstimate> {
  const earlier = (await project.catalog.runs.list({ kind: 'compare' })).find(
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
  project: Project,
  {
    options,
    names,
    prompts,
    adapter,
    leakage,
  }: {
    options: CompareProjectOptions;
    names: ArmName[];
    prompts: ChosenPrompt[];
    adapter: Adapter | undefined;
    leakage: Provenance['leakage'] | undefined;
  },
): Promise<Provenance> {
  const { config, catalog } = project;
  const retrieves = names.includes('rag') || names.includes('hybrid');
  const { documents, chunks } = await catalog.documents.count();
  return {
    ...commit(project.directory),
    command: options.command ?? 'tandem compare',
    seeds: { compare: options.seed ?? 1, ...(adapter && { training: config.tune.seed }) },
    prompts: prompts.map(({ arm: name, variant, tried }) => ({
      arm: name,
      chosen: variant.id,
      variants: tried,
    })),
    grammar: {
      used: config.answer.grammar && config.answer.output !== undefined,
      note:
        config.answer.output === undefined
          ? 'Replies are plain text.'
          : config.answer.grammar
            ? "Every arm's reply is held to the JSON schema by the same grammar; a local model can cite only the passages that it was given."
            : "No arm's reply is held to the JSON schema.",
    },
    ...(retrieves && {
      retrieval: {
        index: searchedIn(config),
        embedder: config.models.embedder,
        k: config.retrieve.k,
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

const indexes: Record<Config['store']['kind'], string> = {
  lancedb: 'LanceDB',
  pgvector: 'PostgreSQL with pgvector',
  milvus: 'Milvus',
  chroma: 'Chroma, words in LanceDB',
  langchain: 'a LangChain vector store, words in LanceDB',
  custom: "the project's own store",
};

/** Where passages are found, and what puts them in order, for the report. */
export function searchedIn({ store, retrieve }: Pick<Config, 'store' | 'retrieve'>): string {
  const reranked = retrieve.reranker
    ? `, the best ${retrieve.rerankCandidates} read once more by ${retrieve.reranker}`
    : '';
  return `${indexes[store.kind]}: found by meaning and by words, ranked by fitted features${reranked}`;
}

/** The commit of the checkout that holds the project, where there is one. */
export function commit(directory: string): { commit?: string; dirty?: boolean } {
  const git = (...words: string[]) =>
    execFileSync('git', words, {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return { commit: git('rev-parse', 'HEAD'), dirty: git('status', '--porcelain') !== '' };
  } catch {
    return {};
  }
}

/** A model of a user's own by its last name only: where it lies on this disk says nothing to a reader elsewhere. */
const withoutFolders = (reference: string) =>
  /^local:.*[/\\]/.test(reference) ? basename(reference) : reference;

function machine(): NonNullable<Provenance['machine']> {
  return {
    system: `${type()} ${release()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
  };
}
