import { join } from 'node:path';
import { embedders } from './embedders.ts';
import { type KnownModel, MB } from './known-model.ts';

/** Card and weights, made by `npm run train-reranker`. */
const folder = join(import.meta.dirname, '../tandem-reranker');

const { licence, parameters, files, hub, ...base } = embedders.find(
  ({ name }) => name === 'all-minilm-l6-v2',
)!;

/** What reads a question together with a passage. */
export const rerankers: readonly KnownModel[] = [
  {
    name: 'tandem-reranker',
    kind: 'reranker',
    title: 'Tandem reranker (a difference from all-MiniLM-L6-v2)',
    licence,
    parameters,
    memory: 330 * MB,
    files,
    hub,
    ...(base.package && { package: base.package }),
    languages: ['en'],
    difference: join(folder, 'difference.safetensors'),
    trainable: 'not further: a reranker is trained from the embedder',
  },
];
