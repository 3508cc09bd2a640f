/** The verifier's card: what it was made of, how, and what was measured on held-out pairs. How well it verifies the bench says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../packages/tandem/src/core/hash.ts';
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
import { cg2cFile } from './cg2c-pairs.ts';
import type { ClaimPairs } from './read-claim-pairs.ts';

/** What the card tells. */
export interface VerifierCard {
  flags: TrainingFlags;
  trained: TrainedDifference;
  pairs: ClaimPairs;
}

/** Writes README.md beside the weights. */
export function writeCard({ flags, trained, pairs: { train, validation } }: VerifierCard): void {
  const facts = factRows(flags.output, {
    base: trained.base,
    command: `npm run train-verifier -- --work FOLDER${flags.told}`,
  });
  const corpus = train.filter(({ package: from }) => from !== 'CG2C');
  const claims = new Set(train.filter(({ package: from }) => from === 'CG2C').map(({ query }) => query)).size;
  const text = `# Tandem verifier

A cross-encoder for English: it reads a claim together with a few sentences of evidence and gives a score from 0 to 1, how well they bear it out. It
is a low-rank difference from all-MiniLM-L6-v2, and needs that model's files.

    answer: { verifier: 'cross-encoder' },                             // tandem.config.ts
    npx tandem verify --batch claims.jsonl --verifier cross-encoder

docs/verify.md says what the verifier makes of its scores and how well it does. What the scores weigh was fitted on half of Factcheck-GPT
(Apache-2.0, yuxiaw/Factcheck-GPT), which the model itself never saw; on WiCE it was only scored.
${flags.beginWith ? "\nTraining began with Tandem's reranker (`models/tandem-reranker`), which has learnt to read two texts together on the same packages; the difference holds both.\n" : ''}${flags.share < 1 ? `\nThis is a pilot: it was trained on ${percent(flags.share, 1)} of the documents. The command without --share trains on all.\n` : ''}
${table(['', ''], facts)}

## Data

${train.length} pairs of a claim with evidence that bears it out, and ${train.flatMap(({ negatives }) => negatives).length} texts that look as if they did; ${validation.length} more pairs, of other documents, are held out. No data whose
licence forbids commercial use is among them, and no text of MedQuAD.

- ${corpus.length} are made by rules of sentences of documentation under permissive licences (\`training/corpus/manifest.json\` in the repository). The claim is a sentence, shortened, in
  other words, or two sentences joined; the wrong evidence is the same text with a number, date, unit, name, negation or opposite changed, without a part of what the claim says,
  or a sentence of another section. In half of the changed ones the claim and its evidence were changed and the document's own words are what does not bear it out.
- ${train.length - corpus.length} are of ${claims} claims of CG2C (derenlei/FactCG, file of SHA-256 ${sha256(readFileSync(cg2cFile))}), made by language models of passages of news so that they need several
  sentences. The set is published under the MIT licence. What licence its publishers have for the words of the news themselves they do not say, and it is
  not known here; none of that text is in the weights' file.

${table(['how the claim was made', 'pairs'], counted(train.map(({ form }) => form)))}

${table(['what makes the evidence wrong', 'texts'], counted(train.flatMap(({ wrong }) => wrong)))}

${kindsTable(train)}

${licencesTable(corpus)}

${trainingSections(trained, flags)}`;
  writeFileSync(join(flags.output, 'README.md'), text);
}

/** How often each stands in a list, most often first. */
function counted(names: readonly string[]): string[][] {
  return [...Map.groupBy(names, (name) => name)]
    .map(([name, own]) => ({ name, count: own.length }))
    .sort((a, b) => b.count - a.count)
    .map(({ name, count }) => [name, String(count)]);
}
