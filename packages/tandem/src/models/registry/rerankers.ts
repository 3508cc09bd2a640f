import { join } from 'node:path';
import { embedders } from './embedders.ts';
import { type KnownModel, MB } from './known-model.ts';

/** Cards and weights, made by `npm run train-reranker` and `npm run train-verifier`. */
const differenceIn = (folder: string) => join(import.meta.dirname, '..', folder, 'difference.safetensors');

const { licence, parameters, files, hub, ...base } = embedders.find(
  ({ name }) => name === 'all-minilm-l6-v2',
)!;

const difference = {
  licence,
  parameters,
  memory: 330 * MB,
  files,
  hub,
  ...(base.package && { package: base.package }),
  languages: ['en'],
} satisfies Partial<KnownModel>;

/** What reads two texts together: a question with a passage, a claim with its evidence. */
export const rerankers: readonly KnownModel[] = [
  {
    ...difference,
    name: 'tandem-reranker',
    kind: 'reranker',
    title: 'Tandem reranker (a difference from all-MiniLM-L6-v2)',
    difference: differenceIn('tandem-reranker'),
    trainable: 'not further: a reranker is trained from the embedder',
  },
  {
    ...difference,
    name: 'tandem-verifier',
    kind: 'verifier',
    title: 'Tandem verifier (a difference from all-MiniLM-L6-v2)',
    difference: differenceIn('tandem-verifier'),
    trainable: 'not on a project: it says whether evidence bears a claim out',
  },
];
