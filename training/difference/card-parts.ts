/** What the cards of differences have in common. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../packages/tandem/src/core/hash.ts';
import { readManifest } from '../corpus/manifest.ts';
import type { TrainedDifference } from './train-difference.ts';
import type { TrainingFlags } from './training-flags.ts';

/** What base, file and licence are, and the command that made it, as rows of a table. */
export function factRows(
  folder: string,
  { base, command }: { base: string; command: string },
): [name: string, value: string][] {
  const file = join(folder, 'difference.safetensors');
  return [
    ['base', `sentence-transformers/all-MiniLM-L6-v2, Apache-2.0, SHA-256 of its weights ${base}`],
    [
      'file',
      `difference.safetensors, ${(statSync(file).size / 2 ** 20).toFixed(2)} MiB, SHA-256 ${sha256(readFileSync(file))}`,
    ],
    ['licence', 'Apache-2.0'],
    ['made by', `\`${command}\``],
    ['languages', 'English'],
  ];
}

/** A table of the corpus's packages that pairs are of, by kind of documentation. */
export function kindsTable(pairs: readonly { kind: string; package: string }[]): string {
  const kinds = [...Map.groupBy(pairs, ({ kind }) => kind)].map(([kind, own]) => [
    kind,
    [...new Set(own.map((pair) => pair.package))].join(', '),
    String(own.length),
  ]);
  return table(['kind', 'packages', 'pairs'], kinds);
}

/** A table of the versions, licences and hashes of these packages. */
export function licencesTable(pairs: readonly { package: string }[]): string {
  const packages = new Set(pairs.map((pair) => pair.package));
  const rows = readManifest()
    .filter(({ name }) => packages.has(name))
    .map(({ name, version, licence, sha256: hash }) => [name, version, licence, hash.slice(0, 16)]);
  return table(['package', 'version', 'licence', 'SHA-256 begins'], rows);
}

/** How it was trained, and what was measured on held-out pairs: two sections. */
export function trainingSections(
  { metrics, comparison, truncation }: TrainedDifference,
  { hyperparameters, rank }: Pick<TrainingFlags, 'hyperparameters' | 'rank'>,
): string {
  const settings = Object.entries(hyperparameters).map(([name, value]) => `${name} ${value}`);
  const figures = (['whole', 'shipped'] as const).map((name) => {
    const { loss, right, byForm } = comparison[name];
    const told = Object.entries(byForm).map(([form, value]) => `${form} ${value.toFixed(3)}`);
    const title = name === 'whole' ? 'as trained, float32' : `as shipped, rank ${rank}, half precision`;
    return [title, loss.toFixed(4), right.toFixed(3), told.join(', ')];
  });
  return `## Training

${settings.join(', ')}. ${metrics.steps} steps, ${metrics.tokens} tokens, ${(metrics.seconds / 60).toFixed(0)} minutes by @tandem/nn.

## On the held-out pairs

${table(['weights', 'loss', 'right text first', 'by form'], figures)}

The difference keeps ${(100 * truncation.kept).toFixed(3)} % of the change of the matrices, by sum of squares.
`;
}

/** As `3 of 10` in whole percent. */
export function percent(count: number, all: number): string {
  return `${((100 * count) / all).toFixed(0)} %`;
}

/** A table of Markdown. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
