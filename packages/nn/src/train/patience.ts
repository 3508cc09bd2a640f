/** Whether the latest `patience` measurements were all no better than the best before them. 0 waits for ever. */
export function patienceIsOver(validation: readonly { loss: number }[], patience: number): boolean {
  if (patience === 0 || validation.length <= patience) return false;
  const before = Math.min(...validation.slice(0, -patience).map(({ loss }) => loss));
  return validation.slice(-patience).every(({ loss }) => !(loss < before));
}
