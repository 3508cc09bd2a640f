/**
 * Linear warm-up, then half a cosine down to zero: the factor on the peak learning rate at `step` of `totalSteps`,
 * counting from 1. The peak is reached at `warmupSteps`; the last step still learns a little (the cosine reaches zero
 * one step after it).
 */
export function learningRateFactor(step: number, warmupSteps: number, totalSteps: number): number {
  if (step <= warmupSteps) return step / Math.max(1, warmupSteps);
  const progress = (step - warmupSteps) / Math.max(1, totalSteps + 1 - warmupSteps);
  return 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
}
