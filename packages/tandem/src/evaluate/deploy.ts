import { deployment } from '../answer/answerer.ts';
import { findAdapter } from '../answer/find-adapter.ts';
import type { Deployment } from '../catalog/catalog.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ArmName } from '../core/types/answer.ts';
import { findHead } from '../decide/find-head.ts';
import type { Parts } from '../parts/parts.ts';
import { isTrained } from './arms.ts';
import { type ArmInUse, findEvidence } from './evidence.ts';

export type { ArmInUse } from './evidence.ts';

/** The parts that an arm is deployed with. */
export type DeployParts = Pick<Parts, 'catalog' | 'models' | 'settings' | 'dataDirectory' | 'whileOpen'>;

/** Which arm is to answer. */
export interface DeployOptions {
  arm: ArmName;
  /** For tuned and hybrid. Default: the latest. */
  adapterId?: string;
  /** Also without a comparison that shows it better than what is used now; recorded. */
  force?: boolean;
  /** Who decides, and why: recorded. */
  by?: string;
  why?: string;
  signal?: AbortSignal;
}

/**
 * Makes `arm` what `ask` answers with. It needs a comparison that showed it better than what is used now: an interval of their paired difference above
 * 0. `force` does without, and is recorded with who did it, when and why. An arm with an adapter needs one trained on the base and template that
 * are served, also then.
 * @returns the deployment; the present one where that is what answers already
 * @throws InvalidInputError where the adapter is missing or does not fit, or the arm is not shown to be better
 *
 * @example
 * await deployArm(tandem, { arm: 'rag' });
 * await deployArm(tandem, { arm: 'base', force: true, by: 'ann', why: 'the index moves tonight' });
 */
export async function deployArm(parts: DeployParts, options: DeployOptions): Promise<Deployment> {
  return parts.whileOpen((signal) => deploy(parts, options, signal), options.signal);
}

async function deploy(
  parts: Omit<DeployParts, 'whileOpen'>,
  options: DeployOptions,
  signal: AbortSignal,
): Promise<Deployment> {
  const { arm, force = false, by, why } = options;
  await using _lock = await parts.catalog.lockForWriting(`switching to ${arm}`, { signal });
  const candidate = await armWithAdapter(arm, options.adapterId, parts);
  const used = await armInUse(parts);
  const current = await parts.catalog.deployments.current();
  const recorded = {
    arm,
    ...(candidate.adapterId !== undefined && { adapterId: candidate.adapterId }),
    ...(by !== undefined && { by }),
    ...(why !== undefined && { why }),
  };
  if (isSame(candidate, used))
    return (
      current ??
      (await parts.catalog.deployments.push({
        ...recorded,
        forced: false,
        reason: "it is the settings' own choice",
      }))
    );
  const evidence = await findEvidence(parts, candidate, used);
  if (!evidence?.passed && !force)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'evidence',
      message: evidence
        ? `${nameOf(candidate)} is not shown to be better than ${nameOf(used)}, which is used now: ${evidence.sentence}`
        : `${nameOf(candidate)} has not been compared with ${nameOf(used)}, which is used now.`,
      hint: evidence
        ? 'Improve it, or ask more questions, and compare again; or set force, which is recorded with who and why.'
        : 'Compare the two on held-out questions first, or set force, which is recorded with who and why.',
    });
  return parts.catalog.deployments.push({
    ...recorded,
    insteadOf: used,
    forced: !evidence?.passed,
    reason: evidence?.sentence ?? `forced, not compared with ${nameOf(used)}`,
    ...(evidence && { evidenceRunId: evidence.runId }),
  });
}

async function armWithAdapter(
  arm: ArmName,
  adapterId: string | undefined,
  parts: Omit<DeployParts, 'whileOpen'>,
): Promise<ArmInUse> {
  if (isTrained(arm)) return { arm, adapterId: (await findAdapter(parts, adapterId)).adapter.id };
  if (adapterId === undefined) return arm === 'head' ? { arm, headId: (await findHead(parts)).id } : { arm };
  throw new InvalidInputError({
    domain: 'evaluate',
    where: 'adapterId',
    message: `The ${arm} arm has no adapter.`,
    hint: 'Leave it out, or choose tuned or hybrid.',
  });
}

/** What answers now, with the adapter that it would take. */
export async function armInUse(parts: Pick<Parts, 'catalog' | 'settings'>): Promise<ArmInUse> {
  const { arm, adapterId } = await deployment(parts);
  if (!isTrained(arm)) return { arm };
  const taken = adapterId ?? (await parts.catalog.adapters.list())[0]?.id;
  return { arm, ...(taken !== undefined && { adapterId: taken }) };
}

const isSame = (a: ArmInUse, b: ArmInUse) => a.arm === b.arm && a.adapterId === b.adapterId;

const nameOf = ({ arm, adapterId }: ArmInUse) => (adapterId === undefined ? arm : `${arm} (${adapterId})`);

/** Who decided it, when and why, as far as it is known: `by ann on 2026-11-30: "the index moves"`. */
export function describeDecision({ by, why, at }: Deployment): string {
  return `${by === undefined ? '' : `by ${by} `}on ${at.slice(0, 10)}${why === undefined ? '' : `: "${why}"`}`;
}
