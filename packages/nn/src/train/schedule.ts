export const schedules = ['cosine', 'linear', 'constant'] as const;
/** How the learning rate changes after its rise. */
export type Schedule = (typeof schedules)[number];

/**
 * The factor on the peak learning rate at `step` of `totalSteps`, counting from 1: a linear rise that reaches the peak
 * at `warmupSteps`, then half a cosine or a line down to zero, or the peak kept. Zero is reached one step after the
 * last, so that the last step still learns a little.
 */
export function learningRateFactor(
  step: number,
  warmupSteps: number,
  totalSteps: number,
  schedule: Schedule = 'cosine',
): number {
  if (step <= warmupSteps) return step / Math.max(1, warmupSteps);
  if (schedule === 'constant') return 1;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps + 1 - warmupSteps));
  return schedule === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
}
