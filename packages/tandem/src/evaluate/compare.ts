import { join, relative } from 'node:path';
import type { AnsweringParts } from '../answer/answerer.ts';
import { finishFailedRun } from '../catalog/finish-failed-run.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { hashJson } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { ArmName } from '../core/types/answer.ts';
import type { CaseLine } from '../dataset/cases.ts';
import type { GivenLines } from '../dataset/material.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { titleOfModel } from '../models/model-kinds.ts';
import type { Parts } from '../parts/parts.ts';
import type { GivenArm } from './added-arms.ts';
import {
  adaptersOf,
  type ChosenArms,
  chooseArms,
  makeArms,
  modelsOfOthers,
  promptedArms,
  searches,
} from './arms.ts';
import { calibrateConfidence } from './calibrate-confidence.ts';
import { choosePrompts, countChoosingAnswers } from './choose-prompts.ts';
import type { ComparisonResult } from './comparison-result.ts';
import { describeMeans } from './describe-means.ts';
import { describeHead, describeMachine, describeProvenance } from './describe-provenance.ts';
import { type CompareEstimate, estimateComparison } from './estimate-comparison.ts';
import { fingerprintShared } from './fingerprint-shared.ts';
import { createMetrics, defaultPrimary, metricsFor } from './metrics/index.ts';
import { countAnswers, planAnswers } from './plan-answers.ts';
import { repeatCases } from './repeats.ts';
import { openResultStore } from './result-store.ts';
import { setUpComparison } from './set-up-comparison.ts';
import { collectAnswers } from './steps/collect-answers.ts';
import { decideVerdict } from './steps/decide-verdict.ts';
import { measureAnswers } from './steps/measure-answers.ts';
import { selectCases } from './steps/select-cases.ts';
import type { MeasuredCases } from './steps/step-data.ts';
import { summariseSlices } from './steps/summarise-slices.ts';
import { type ComparisonFiles, writeReport } from './steps/write-report.ts';
import { countStudyAnswers, runStudies } from './studies/run-studies.ts';
import type { StudyName } from './studies/study.ts';

export type { CompareEstimate } from './estimate-comparison.ts';

/** The parts that arms are compared with. */
export type CompareParts = AnsweringParts &
  Pick<Parts, 'name' | 'material' | 'directory' | 'storeName' | 'openSources'>;

/** What is compared, on which cases, and when to stop. */
export interface CompareOptions {
  /**
   * By name, and a program's own as they are. Default: base and rag, with tuned and hybrid where there is an adapter, head where there is one, and
   * all of `compare.arms`.
   */
  arms?: readonly (ArmName | (string & {}) | GivenArm)[];
  /** Rows that are only yardsticks (a glossary lookup, an extract). Default true. */
  references?: boolean;
  /** For tuned and hybrid. Default: the latest. */
  adapterId?: string;
  /** A JSONL file of cases, or the cases; default: the parts' own. */
  cases?: GivenLines<CaseLine>;
  /** At most so many cases of each kind, drawn over groups first. */
  casesPerKind?: number;
  /** Validation cases on which prompts are chosen and confidence is calibrated; 0 leaves both out. Default 24. */
  validationCases?: number;
  /** Cases on which latency is measured, one answer at a time; 0 leaves it out. Default 12. */
  latencyCases?: number;
  /**
   * What to study beside the comparison: whether answers follow a fact that changes in the sources, what training made the model forget,
   * and how much answers hang on typos, wording and the order of passages.
   */
  with?: readonly StudyName[];
  /** Cases with an answer that are asked again for a study of freshness or robustness. Default 24. */
  studyCases?: number;
  /** How often each case is asked, where the model draws its answers (`answer.temperature` above 0). Default 1. */
  repeats?: number;
  /** Why the held-out cases are looked at; kept in the catalogue. */
  purpose?: string;
  /** Of samples, of the order of asking and of the bootstrap. Default 1. */
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

/** A comparison that was made. */
export interface Comparison {
  runId: string;
  result: ComparisonResult;
  files: ComparisonFiles;
  estimate: CompareEstimate;
}

/**
 * Puts the same held-out cases to every arm and says, with intervals, which one does best. Writes `comparison.json` and `report.html`.
 * Answers are kept as they come: after an interruption the same call continues from them.
 * @throws InvalidInputError where there are no cases, an arm needs an adapter that is not there, or a case was trained on
 * @throws InterruptedError when `signal` aborts; LockedError while something else compares
 *
 * @example
 * const { result, files } = await compare(tandem, { arms: ['base', 'rag'] });
 * console.log(result.verdict.headline, files.report);
 */
export async function compare(
  parts: CompareParts,
  options?: CompareOptions & { estimateOnly?: false },
): Promise<Comparison>;
export async function compare(
  parts: CompareParts,
  options?: CompareOptions,
): Promise<Comparison | { estimate: CompareEstimate }>;
export async function compare(
  parts: CompareParts,
  options: CompareOptions = {},
): Promise<Comparison | { estimate: CompareEstimate }> {
  return parts.whileOpen((signal) => compareArms(parts, { ...options, signal }), options.signal);
}

async function compareArms(
  parts: CompareParts,
  options: CompareOptions & { signal: AbortSignal },
): Promise<Comparison | { estimate: CompareEstimate }> {
  const { settings, catalog, models, dataDirectory } = parts;
  const { signal, onProgress, seed = 1, references = true } = options;
  const { names, added, given, leftOut, adapter, head } = await chooseArms(options, parts);
  const adapters = adaptersOf({ added, ...(adapter && { adapter }) });
  const selected = await selectCases(
    {
      validationCases: options.validationCases ?? 24,
      seed,
      ...(options.cases !== undefined && { cases: options.cases }),
      ...(options.casesPerKind !== undefined && { casesPerKind: options.casesPerKind }),
      adapters,
      ...(head && { head: true }),
    },
    parts,
  );
  const { validation, leakage } = selected;
  const repeats = checkRepeats(options.repeats, { names, added, given }, parts);
  const cases = repeatCases(selected.cases, repeats);

  const chat = await models.chat();
  const tools = localToolsOf(chat);
  const metrics = metricsFor(cases, createMetrics(settings.answer));
  const means = await describeMeans(
    {
      names,
      others: modelsOfOthers({ added, given }),
      given: given.map(({ name }) => name),
      searches: names.some(searches) || Object.values(added).some(({ like }) => searches(like)),
      isLocalChat: tools !== undefined,
      ...(adapter && { adapter }),
      ...(options.latencyCases !== undefined && { latencyCases: options.latencyCases }),
    },
    parts,
  );
  const setup = setUpComparison(
    {
      project: parts.name,
      subject: {
        model: chat.modelId,
        ...(tools && { modelHash: tools.baseHash }),
        ...(names.some(searches) && { embedder: titleOfModel(models.names.embedder) }),
      },
      metrics,
      primary: defaultPrimary(settings.answer),
      ...settings.compare,
      means,
      provenance: { machine: describeMachine() },
      seed,
      repeats,
      ...(options.latencyCases !== undefined && { latencyCases: options.latencyCases }),
    },
    cases,
  );

  // Before the stored answers are opened: opening mends a torn last line, which must not be another process's.
  await using _lock = await catalog.lockForWriting('comparing', { signal });
  await using store = await openResultStore(join(dataDirectory, 'comparison-answers.jsonl'));
  const recipe = {
    names,
    added,
    given,
    shared: await fingerprintShared(parts),
    cases,
    references,
    ...(adapter && { adapter }),
    ...(head && { head }),
  };
  const plan = planAnswers({ setup, cases }, await makeArms({ ...recipe, prompts: [] }, parts));
  const counts = countAnswers(plan, store);
  const prompted = promptedArms({ names, added });
  const choosing = countChoosingAnswers(prompted, validation, settings);
  const studying = { names: options.with ?? [], count: options.studyCases ?? 24 };
  const estimate = await estimateComparison(
    {
      counts,
      // An answer that is cut short for its confidence takes about half the time.
      furtherAnswers:
        choosing +
        validation.length * names.filter((name) => name !== 'head').length * 0.5 +
        countStudyAnswers(studying, cases, { names, added, given }),
      isLocal:
        tools !== undefined &&
        Object.values(means.others ?? {}).every(({ chat: own }) => own?.isHere !== false),
    },
    parts,
  );
  options.onEstimate?.(estimate);
  if (options.estimateOnly) return { estimate };

  const run = await catalog.runs.start({
    kind: 'compare',
    config: {
      arms: [...names, ...Object.keys(added), ...given.map(({ name }) => name)],
      chat: models.names.chat,
      k: settings.retrieve.k,
      seed,
      casesPerKind: options.casesPerKind,
      validationCases: validation.length,
    },
    inputs: {
      cases: hashJson(cases),
      ...(adapter && { adapter: adapter.id }),
      ...(head && { head: head.id }),
    },
  });
  const startedAt = Date.now();
  try {
    const preparing = { ...recipe, validation, store, signal, onProgress };
    const prompts = await choosePrompts(
      { ...preparing, names: prompted, metrics, primary: setup.primary.metric },
      parts,
    );
    const notes = await calibrateConfidence({ ...preparing, prompts }, parts);
    await catalog.looks.add({
      casesHash: hashJson(cases.map(({ id }) => id)),
      purpose: options.purpose ?? 'compare',
      runId: run.id,
    });
    const arms = await makeArms({ ...recipe, prompts }, parts);
    const provenance = {
      ...setup.provenance,
      ...(await describeProvenance(
        { names, adapter, prompts, leakage, seed, command: options.command ?? 'compare' },
        parts,
      )),
      devLooks: (await catalog.looks.list()).map(({ at, purpose }) => ({ at, purpose })),
      notes: [
        ...notes,
        ...(head ? [describeHead(head)] : []),
        ...leftOut.map(({ name, why }) => ({ label: `Left out: ${name}`, text: why })),
      ],
    };

    const collected = await collectAnswers(
      { setup: { ...setup, provenance }, cases },
      { arms, store, signal, ...(onProgress && { onProgress }) },
    );
    const concluding = { stage: 'computing intervals and tests', total: 1, unit: 'comparisons' };
    onProgress?.({ ...concluding, done: 0 });
    const measured = measureAnswers(collected, metrics);
    const studies =
      studying.names.length > 0
        ? await runStudies(
            studying,
            { recipe: { ...recipe, prompts }, arms, measured: firstRepeat(measured, repeats), chat },
            parts,
            {
              store,
              seed,
              signal,
              onProgress,
            },
          )
        : undefined;
    const undecided = { ...summariseSlices(measured), ...(studies && { studies }) };
    const result = { ...undecided, verdict: decideVerdict(undecided) };
    const files = await writeReport(result, { directory: join(dataDirectory, 'reports', run.id) });
    onProgress?.({ ...concluding, done: 1 });

    const seconds = (Date.now() - startedAt) / 1000;
    const made = counts.answers + counts.latencyAnswers - counts.stored - counts.latencyStored + choosing;
    await catalog.runs.finish(run.id, {
      status: 'done',
      metrics: {
        cases: cases.length,
        seconds,
        // A head's answers take no time to speak of: of them alone nothing is learnt for the next estimate.
        ...(made > 20 && names.some((name) => name !== 'head') && { secondsPerAnswer: seconds / made }),
      },
      artefacts: Object.values(files).map((file) => relative(dataDirectory, file)),
    });
    return { runId: run.id, result, files, estimate };
  } catch (error) {
    await finishFailedRun(catalog, run.id, error, { signal });
    throw error;
  }
}

/** What was answered first: the other repeats are the same questions. */
function firstRepeat(measured: MeasuredCases, repeats: number): MeasuredCases {
  return { ...measured, cases: measured.cases.slice(0, measured.cases.length / repeats) };
}

/** @throws InvalidInputError for no whole number, and where every repeat would be the same answer */
function checkRepeats(
  repeats: number | undefined,
  { names, added, given }: Pick<ChosenArms, 'names' | 'added' | 'given'>,
  { settings }: Pick<Parts, 'settings'>,
): number {
  if (repeats === undefined || repeats === 1) return 1;
  const fail = (message: string, hint: string) =>
    new InvalidInputError({ domain: 'evaluate', where: 'repeats', message, hint });
  if (!Number.isInteger(repeats) || repeats < 1)
    throw fail(`${repeats} is no number of times to ask.`, 'Give a whole number from 1 on.');
  const temperatures = [
    ...(names.length > 0 ? [settings.answer.temperature] : []),
    ...Object.values(added).map(({ temperature }) => temperature ?? settings.answer.temperature),
  ];
  // How a program's own arm answers is not known.
  if (given.length === 0 && temperatures.every((temperature) => temperature === 0))
    throw fail(
      `At temperature 0 an arm gives the same answer each time, so ${repeats} repeats would show nothing.`,
      'Set answer.temperature above 0, or leave repeats out.',
    );
  return repeats;
}
