import { normalQuantile } from './distributions.ts';

/**
 * The smallest true difference that a two-sided comparison with this standard error would show with the given power:
 * (z₁₋α⸝₂ + z_power) · SE, 2.80 · SE at 5 % and 80 %. For one comparison; adjusting over many makes it larger.
 */
export function minimalDetectableDifference(
  standardError: number,
  options: { level?: number; power?: number } = {},
): number {
  const alpha = 1 - (options.level ?? 0.95);
  return (normalQuantile(1 - alpha / 2) + normalQuantile(options.power ?? 0.8)) * standardError;
}
