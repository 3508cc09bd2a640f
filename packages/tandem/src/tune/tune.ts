import type { Adapter } from '../core/types/adapter.ts';
import { accessLabelsOf } from '../dataset/access-labels.ts';
import type { Parts } from '../parts/parts.ts';
import { parityIn } from './adapter-card.ts';
import { divergedError, refuseDivergedTraining } from './diverged.ts';
import { measureRewriting } from './steps/measure-rewriting.ts';
import { planTraining } from './steps/plan-training.ts';
import { prepareTraining } from './steps/prepare-training.ts';
import { registerAdapter } from './steps/register-adapter.ts';
import { cancelElsewhere, runTraining } from './steps/run-training.ts';
import { verifyAdapter } from './steps/verify-adapter.ts';
import type { TrainingPlan } from './training-data.ts';
import { findFinishedRun, recordTraining } from './training-run.ts';
import type { TunedAdapter, TuneEstimate, TuneOptions } from './tune-options.ts';

/** The parts that an adapter is trained with. */
export type TuneParts = Pick<
  Parts,
  | 'name'
  | 'settings'
  | 'catalog'
  | 'models'
  | 'material'
  | 'directory'
  | 'dataDirectory'
  | 'retriever'
  | 'whileOpen'
>;

/**
 * Trains a LoRA adapter on the training examples, or on preference pairs: here, on the very weights that are served; with the Python worker;
 * or at a provider, by `tune.trainer`. The same data, settings and base are trained once: then the adapter that there is, is given.
 *
 * @throws TrainingDivergedError of `@tandem/nn`, ParityError, InvalidInputError, LockedError while another process writes, InterruptedError,
 *   DisposedError where the parts are disposed before it has ended. A training that was stopped continues at the next call.
 *
 * @example
 * // takes minutes
 * const { adapter } = await tune(tandem, { maxMinutes: 30 });
 * const answer = await ask(tandem, 'How many days of leave do I have?', { arm: 'hybrid', adapterId: adapter.id });
 */
export async function tune(
  parts: TuneParts,
  options?: TuneOptions & { estimateOnly?: false },
): Promise<TunedAdapter>;
export async function tune(
  parts: TuneParts,
  options?: TuneOptions,
): Promise<TunedAdapter | { estimate: TuneEstimate }>;
export async function tune(
  parts: TuneParts,
  options: TuneOptions = {},
): Promise<TunedAdapter | { estimate: TuneEstimate }> {
  return parts.whileOpen((signal) => trainAdapter(parts, { ...options, signal }), options.signal);
}

/** prepare → plan → train → verify → measure → register; from train on it is one run in the catalogue. */
async function trainAdapter(
  parts: TuneParts,
  options: TuneOptions & { signal: AbortSignal },
): Promise<TunedAdapter | { estimate: TuneEstimate }> {
  const { fresh, estimateOnly, onEstimate, onEvent: tell, onProgress, signal, ...others } = options;
  const { checkpointEverySeconds, ...request } = others;
  const context = { parts, signal, ...(onProgress && { onProgress }) };
  const prepared = await prepareTraining(request, context);
  const plan = await planTraining(prepared, context);
  const { fingerprint, lineage, config, estimate } = plan;

  if (!fresh && !estimateOnly) {
    const finished = await findFinishedRun(parts.catalog, fingerprint);
    if (finished) {
      const adapter = await withLabels(parts, plan, finished.adapter);
      return { ...trainedBefore({ ...finished, adapter }), reused: true };
    }
    await refuseDivergedTraining(plan, parts);
  }
  onEstimate?.(estimate);
  if (estimateOnly) return { estimate };

  return recordTraining(parts, {
    fingerprint,
    config,
    inputs: { dataset: lineage.datasetHash, base: lineage.baseHash, template: lineage.templateHash },
    signal,
    ...(fresh && { fresh, cancelElsewhere: () => cancelElsewhere(plan, context) }),
    async train({ run, onEvent, flush }) {
      const trained = await runTraining(plan, {
        ...context,
        onEvent(kind, data) {
          onEvent(kind, data);
          tell?.(kind, data);
        },
        ...(checkpointEverySeconds !== undefined && { checkpointEverySeconds }),
      });
      const verification = await verifyAdapter({ plan, trained }, context);
      await flush();
      const rewriting = await measureRewriting({ plan, trained }, context);
      const access = await inheritedLabels(parts, plan);
      const adapter = await registerAdapter(
        { plan, trained, verification, rewriting, runId: run.id, access },
        context,
      );
      if ('divergence' in trained && trained.divergence)
        throw divergedError(trained.divergence, {
          setting: 'tune.learningRate',
          learningRate: Number(lineage.hyperparameters.learningRate),
          adapter: { id: adapter.id, step: trained.steps },
        });
      const parity = 'parity' in verification ? verification.parity : undefined;
      return {
        artefacts: [adapter.directory],
        metrics: {
          ...adapter.metrics,
          ...(parity && {
            parityKl: parity.meanKl,
            paritySameTopToken: parity.sameTopToken,
            parityTokens: parity.tokens,
          }),
        },
        result: { adapter, ...(parity && { parity }), reused: false },
      };
    },
  });
}

/** Labels of the documents that the training data has words of, and of the adapter that was trained further. */
async function inheritedLabels(
  parts: Pick<Parts, 'catalog' | 'dataDirectory' | 'settings'>,
  { lineage }: Pick<TrainingPlan, 'lineage'>,
): Promise<string[]> {
  if (!parts.settings.tune.inheritAccess) return [];
  const { from } = lineage.hyperparameters;
  const before = typeof from === 'string' ? await parts.catalog.adapters.get(from) : undefined;
  const own = await accessLabelsOf(parts, lineage.datasetHash);
  return [...new Set([...(before?.access ?? []), ...own])].sort();
}

/** The setting may be newer than the adapter. */
async function withLabels(
  parts: Pick<Parts, 'catalog' | 'dataDirectory' | 'settings'>,
  plan: TrainingPlan,
  adapter: Adapter,
): Promise<Adapter> {
  const access = await inheritedLabels(parts, plan);
  if (access.every((label) => adapter.access?.includes(label))) return adapter;
  const labelled = { ...adapter, access: [...new Set([...(adapter.access ?? []), ...access])].sort() };
  await parts.catalog.adapters.put(labelled);
  return labelled;
}

/** The weights of a hosted adapter are not here, so nothing was measured of it. */
function trainedBefore({ adapter, run }: NonNullable<Awaited<ReturnType<typeof findFinishedRun>>>) {
  return { adapter, ...(!adapter.hosted && { parity: parityIn(run) }) };
}
