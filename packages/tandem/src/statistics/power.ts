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

/**
 * How many groups a paired comparison needs to show `difference` with the given power:
 *
 *     (z₁₋α⸝₂ · √ψ + z_power · √(ψ − δ²))² / δ² + 1 / δ
 *
 * ψ is how much the two differ within groups (`pairedDiscordance`); for yes-or-no values, each case its own group, the share on which only one of
 * the two is right, and this is McNemar's test's sample size (Miettinen 1968; Connor 1987), with the continuity correction
 * that an exact test needs. Two that differ by δ disagree on δ at least, so ψ
 * is never taken for less.
 *
 * @param difference δ, above 0, in the unit of the values
 * @param options `comparisons`: α is divided by it, as the strictest of Holm's steps does
 *
 * @example
 * groupsNeeded(0.2, 0.1); // 165: a fifth of the cases are disagreed on, and 10 points are to be shown
 */
export function groupsNeeded(
  discordance: number,
  difference: number,
  options: { level?: number; power?: number; comparisons?: number } = {},
): number {
  const alpha = (1 - (options.level ?? 0.95)) / Math.max(1, options.comparisons ?? 1);
  const spread = Math.max(discordance, difference, difference ** 2);
  const reach =
    normalQuantile(1 - alpha / 2) * Math.sqrt(spread) +
    normalQuantile(options.power ?? 0.8) * Math.sqrt(spread - difference ** 2);
  return Math.ceil((reach / difference) ** 2 + 1 / difference);
}
