import { findAdapter } from '../answer/find-adapter.ts';
import type { Deployment } from '../catalog/catalog.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ArmName } from '../core/types/answer.ts';
import { findHead } from '../decide/find-head.ts';
import type { Parts } from '../parts/parts.ts';
import { findLatestEvidence } from './evidence.ts';

/** The parts that an arm is deployed with. */
export type DeployParts = Pick<Parts, 'catalog' | 'models' | 'settings' | 'dataDirectory' | 'whileOpen'>;

/** Which arm is to answer. */
export interface DeployOptions {
  arm: ArmName;
  /** For tuned and hybrid. Default: the latest. */
  adapterId?: string;
  /** Without a comparison that speaks for the arm; recorded. */
  force?: boolean;
  signal?: AbortSignal;
}

/**
 * Makes `arm` what `ask` answers with. An arm with an adapter needs one trained on the base and template that are served, and a
 * comparison that showed the arm better than its untrained counterpart (tuned than base, hybrid than rag); `force` does without the
 * comparison, and is recorded.
 * @throws InvalidInputError where the adapter is missing, does not fit, or is not shown to be better
 *
 * @example
 * await deployArm(tandem, { arm: 'rag' });
 */
export async function deployArm(parts: DeployParts, options: DeployOptions): Promise<Deployment> {
  return parts.whileOpen((signal) => deploy(parts, options, signal), options.signal);
}

async function deploy(
  parts: Omit<DeployParts, 'whileOpen'>,
  options: DeployOptions,
  signal: AbortSignal,
): Promise<Deployment> {
  const { arm, force = false } = options;
  await using _lock = await parts.catalog.lockForWriting(`switching to ${arm}`, { signal });
  if (arm === 'base' || arm === 'rag' || arm === 'head') {
    if (options.adapterId !== undefined) {
      throw new InvalidInputError({
        domain: 'evaluate',
        where: 'adapterId',
        message: `The ${arm} arm has no adapter.`,
        hint: 'Leave it out, or choose tuned or hybrid.',
      });
    }
    if (arm === 'head') return deployHead(parts, force);
    const evidence = await findLatestEvidence(parts, arm);
    return parts.catalog.deployments.push({
      arm,
      forced: false,
      reason: evidence
        ? evidence.passed || arm === 'base'
          ? evidence.sentence
          : `chosen by hand, not shown to be better: ${evidence.sentence}`
        : 'chosen by hand',
      ...(evidence && { evidenceRunId: evidence.runId }),
    });
  }
  const { adapter } = await findAdapter(parts, options.adapterId);
  const evidence = await findLatestEvidence(parts, arm, adapter.id);
  if (!evidence?.passed && !force) {
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'adapterId',
      message: evidence
        ? `The adapter ${adapter.id} did not pass its paired test: ${evidence.sentence}`
        : `The adapter ${adapter.id} has not been compared yet.`,
      hint: evidence
        ? 'Improve it and compare again, use another arm, or set force (it is recorded).'
        : 'Compare it first, or set force (it is recorded).',
    });
  }
  return parts.catalog.deployments.push({
    arm,
    adapterId: adapter.id,
    forced: !evidence?.passed,
    reason: evidence?.sentence ?? 'forced without a comparison',
    ...(evidence && { evidenceRunId: evidence.runId }),
  });
}

/** A head gives some fields and no text: what `ask` answers with is a head only where a comparison shows that it is better, or by force. */
async function deployHead(parts: Omit<DeployParts, 'whileOpen'>, force: boolean): Promise<Deployment> {
  const head = await findHead(parts);
  const evidence = await findLatestEvidence(parts, 'head', head.id);
  if (!evidence?.passed && !force)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: head.id,
      message: evidence
        ? `The head ${head.id} did not pass its paired test: ${evidence.sentence}`
        : `The head ${head.id} has not been compared on cases that ask for its fields alone.`,
      hint: 'Compare it on such cases, use another arm, or set force (it is recorded).',
    });
  return parts.catalog.deployments.push({
    arm: 'head',
    forced: !evidence?.passed,
    reason: evidence?.sentence ?? 'forced without a comparison',
    ...(evidence && { evidenceRunId: evidence.runId }),
  });
}
