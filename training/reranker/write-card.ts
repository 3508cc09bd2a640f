/** The reranker's card: what it was made of, how, and what was measured on held-out pairs. What it brings to a search the bench says. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  factRows,
  kindsTable,
  licencesTable,
  percent,
  table,
  trainingSections,
} from '../difference/card-parts.ts';
import type { TrainedDifference } from '../difference/train-difference.ts';
import type { TrainingFlags } from '../difference/training-flags.ts';
import type { RerankerPair } from './make-pairs.ts';

/** What the card tells. */
export interface RerankerCard {
  flags: TrainingFlags;
  trained: TrainedDifference;
  /** How many the corpus gave; those trained on; those held out. */
  made: number;
  train: readonly RerankerPair[];
  validation: readonly RerankerPair[];
}

/** Writes README.md beside the weights. */
export function writeCard({ flags, trained, made, train, validation }: RerankerCard): void {
  const forms = [...Map.groupBy(train, ({ form }) => form)].map(
    ([form, own]) => `${form} ${percent(own.length, train.length)}`,
  );
  const facts = factRows(flags.output, {
    base: trained.base,
    command: `npm run train-reranker -- --work FOLDER${flags.told}`,
  });
  const text = `# Tandem reranker

A cross-encoder for English: it reads a question together with a passage and gives a score from 0 to 1. It is a low-rank difference from
all-MiniLM-L6-v2, and needs that model's files.

    retrieve: { reranker: 'local:tandem-reranker' }

docs/retrieval.md says what it brings to a search and what it costs. It is off unless named.
${train.length < made ? `\nThis is a pilot: it was trained on ${percent(train.length, made)} of the pairs. The command without --share trains on all.\n` : ''}
${table(['', ''], facts)}

## Data

${train.length} of ${made} pairs of a query with the passage that answers it and one or two wrong passages; ${validation.length} more, of other documents, are held out.
They are made of documentation under permissive licences (\`training/corpus/manifest.json\` in the repository). Queries: ${forms.join(', ')}. A heading that
a query is made of is removed from all of its passages. A wrong passage is one of the best by words in the same document or package, or a random one.

${kindsTable(train)}

${licencesTable(train)}

${trainingSections(trained, flags)}`;
  writeFileSync(join(flags.output, 'README.md'), text);
}
