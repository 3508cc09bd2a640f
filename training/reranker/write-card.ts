/** The reranker's card: what it was made of, how, and what was measured on held-out pairs. What it brings to a search the bench says. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EncoderMetrics } from '@tandem/nn';
import { sha256 } from '../../packages/tandem/src/core/hash.ts';
import { readManifest } from '../corpus/manifest.ts';
import type { HeldOut } from './compare-models.ts';
import type { RerankerPair } from './make-pairs.ts';
import type { Truncation } from './write-difference.ts';

/** What the card tells. */
export interface RerankerCard {
  /** SHA-256 of the base's weights. */
  base: string;
  /** How many the corpus gave; those trained on; those held out. */
  made: number;
  pairs: readonly RerankerPair[];
  validation: readonly RerankerPair[];
  hyperparameters: Readonly<Record<string, unknown>>;
  rank: number;
  metrics: EncoderMetrics;
  truncation: Truncation;
  comparison: Record<'whole' | 'shipped', HeldOut>;
}

/** Writes README.md beside the weights. */
export function writeCard(folder: string, card: RerankerCard): void {
  const { pairs, made, validation, metrics, comparison, truncation } = card;
  const file = join(folder, 'difference.safetensors');
  const kinds = [...Map.groupBy(pairs, ({ kind }) => kind)].map(([kind, own]) => [
    kind,
    [...new Set(own.map((pair) => pair.package))].join(', '),
    String(own.length),
  ]);
  const forms = [...Map.groupBy(pairs, ({ form }) => form)].map(
    ([form, own]) => `${form} ${((100 * own.length) / pairs.length).toFixed(0)} %`,
  );
  const packages = new Set(pairs.map((pair) => pair.package));
  const licences = readManifest()
    .filter(({ name }) => packages.has(name))
    .map(({ name, version, licence, sha256: hash }) => [name, version, licence, hash.slice(0, 16)]);
  const figures = (['whole', 'shipped'] as const).map((name) => {
    const { loss, right, byForm } = comparison[name];
    const told = Object.entries(byForm).map(([form, value]) => `${form} ${value.toFixed(3)}`);
    const title = name === 'whole' ? 'as trained, float32' : `as shipped, rank ${card.rank}, half precision`;
    return [title, loss.toFixed(4), right.toFixed(3), told.join(', ')];
  });
  const text = `# Tandem reranker

A cross-encoder for English: it reads a question together with a passage and gives a score from 0 to 1. It is a low-rank difference from
all-MiniLM-L6-v2, and needs that model's files.

    retrieve: { reranker: 'local:tandem-reranker' }

docs/retrieval.md says what it brings to a search and what it costs. It is off unless named.
${pairs.length < made ? `\nThis is a pilot: it was trained on ${((100 * pairs.length) / made).toFixed(0)} % of the pairs. The command without --share trains on all.\n` : ''}
| | |
|---|---|
| base | sentence-transformers/all-MiniLM-L6-v2, Apache-2.0, SHA-256 of its weights ${card.base} |
| file | difference.safetensors, ${(statSync(file).size / 2 ** 20).toFixed(2)} MiB, SHA-256 ${sha256(readFileSync(file))} |
| licence | Apache-2.0 |
| made by | \`npm run train-reranker -- --work FOLDER${pairs.length < made ? ` --share ${(pairs.length / made).toPrecision(2)}` : ''}\` |
| languages | English |

## Data

${pairs.length} of ${made} pairs of a query with the passage that answers it and one or two wrong passages; ${validation.length} more, of other documents, are held out.
They are made of documentation under permissive licences (\`training/corpus/manifest.json\` in the repository). Queries: ${forms.join(', ')}. A heading that
a query is made of is removed from all of its passages. A wrong passage is one of the best by words in the same document or package, or a random one.

${table(['kind', 'packages', 'pairs'], kinds)}

${table(['package', 'version', 'licence', 'SHA-256 begins'], licences)}

## Training

${Object.entries(card.hyperparameters)
  .map(([name, value]) => `${name} ${value}`)
  .join(
    ', ',
  )}. ${metrics.steps} steps, ${metrics.tokens} tokens, ${(metrics.seconds / 60).toFixed(0)} minutes by @tandem/nn.

## On the held-out pairs

${table(['weights', 'loss', 'right passage first', 'by the form of the query'], figures)}

The difference keeps ${(100 * truncation.kept).toFixed(3)} % of the change of the matrices, by sum of squares.
`;
  writeFileSync(join(folder, 'README.md'), text);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
