/**
 * Whether none of the latest `patience` measurements was better than the best before them. Never with a patience of 0.
 */
export function patienceIsOver(validation: readonly { loss: number }[], patience: number): boolean {
  if (patience === 0 || validation.length <= patience) return false;
  const before = Math.min(...validation.slice(0, -patience).map(({ loss }) => loss));
  return validation.slice(-patience).every(({ loss }) => !(loss < before));
}
