import { z } from 'zod';
import type { ArmName } from '../core/types/answer.ts';
import { brierScore, calibrate, expectedCalibrationError, fitPlatt } from '../statistics/calibration.ts';

/**
 * A model's own probability for a field's tokens is over-confident, a tuned one's more so. Platt scaling of its logit, fitted on
 * validation answers of the same arm, makes of it how often the field is right.
 */
const calibrationSchema = z.object({
  kind: z.literal('platt'),
  a: z.number(),
  b: z.number(),
  /** What it was fitted on. */
  cases: z.number().int(),
  share: z.number(),
  brierBefore: z.number(),
  brierAfter: z.number(),
  eceBefore: z.number(),
  eceAfter: z.number(),
});
export type ConfidenceCalibration = z.infer<typeof calibrationSchema>;

/** Where the catalogue keeps it. */
export const confidenceKey = (arm: ArmName, adapterId?: string) => `confidence:${arm}:${adapterId ?? 'base'}`;

/** Fits on validation answers: the raw probability of each and whether the field was right. */
export function fitConfidence(
  probabilities: readonly number[],
  right: readonly boolean[],
): ConfidenceCalibration {
  const scores = probabilities.map(logit);
  const { a, b } = fitPlatt(scores, right);
  const model = { kind: 'platt' as const, a, b };
  const after = scores.map((score) => calibrate(model, score));
  return {
    ...model,
    cases: right.length,
    share: right.filter(Boolean).length / Math.max(1, right.length),
    brierBefore: brierScore(probabilities, right),
    brierAfter: brierScore(after, right),
    eceBefore: expectedCalibrationError(probabilities, right),
    eceAfter: expectedCalibrationError(after, right),
  };
}

/** The stored calibration as a function, or undefined where none was fitted (then the raw probability is given). */
export function parseCalibration(stored: unknown): ((probability: number) => number) | undefined {
  const parsed = calibrationSchema.safeParse(stored);
  if (!parsed.success) return undefined;
  return (probability) => calibrate(parsed.data, logit(probability));
}

/** Held away from 0 and 1, where a float says more than a model can know. */
function logit(probability: number): number {
  const p = Math.min(1 - 1e-6, Math.max(1e-6, probability));
  return Math.log(p / (1 - p));
}
