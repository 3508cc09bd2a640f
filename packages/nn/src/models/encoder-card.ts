import { join } from 'node:path';
import { writeFileAtomically } from '../formats/atomic-write.ts';
import { hashFiles, markdownTable } from '../formats/card-parts.ts';

/** What a model card says about a trained embedder or cross-encoder. */
export interface EncoderCard {
  title: string;
  task: 'sentence-similarity' | 'text-ranking';
  /** The model that training began with: a Hub repository, or the folder's name, and the SHA-256 of its weights. */
  base: { name: string; sha256?: string };
  data: { pairs: number; sha256?: string; validationPairs?: number };
  /** Leave out those that had no effect (such as a rank, where all weights were trained). */
  hyperparameters: Readonly<Record<string, unknown>>;
  metrics: {
    steps: number;
    seconds: number;
    pairsPerSecond?: number;
    peakMemoryBytes?: number;
    validation: readonly { step: number; loss: number; recallAt1: number }[];
    /** The step whose weights these are. */
    bestStep: number;
  };
  /** Further measurements, with the base's weights and with these: shares between 0 and 1. */
  comparisons?: Readonly<Record<string, { before: number; after: number; queries: number }>>;
  /** Further rows about its origin: the run, the commit. */
  lineage?: Readonly<Record<string, string | undefined>>;
  /** A further way to load it, as Markdown. */
  usage?: string;
}

/**
 * Writes README.md into an encoder's folder: base, data, settings, measurements, the SHA-256 of every file, and how to
 * load it. The front matter is that of the Hugging Face Hub, so that the folder can be uploaded as it is.
 * @throws FileWriteError when the file cannot be written.
 */
export async function exportEncoderCard(directory: string, card: EncoderCard): Promise<void> {
  const hashes = await hashFiles(directory);
  await writeFileAtomically(join(directory, 'README.md'), [Buffer.from(text(card, hashes), 'utf8')]);
}

function text(card: EncoderCard, hashes: readonly [string, string][]): string {
  const { title, task, base, data, metrics } = card;
  const isEmbedder = task === 'sentence-similarity';
  const { validation, bestStep } = metrics;
  const first = validation[0];
  const kept = validation.find(({ step }) => step === bestStep);
  const compared: [string, string, string, string][] = [
    ...(first && kept
      ? [
          row('loss on validation pairs', first.loss, kept.loss, data.validationPairs),
          row('recall@1 on validation pairs', first.recallAt1, kept.recallAt1, data.validationPairs),
        ]
      : []),
    ...Object.entries(card.comparisons ?? {}).map(([name, { before, after, queries }]) =>
      row(name, before, after, queries),
    ),
  ];
  const settings = entries(card.hyperparameters);
  const training = entries({
    'pairs a second': metrics.pairsPerSecond,
    'peak memory, bytes': metrics.peakMemoryBytes,
  });
  return [
    '---',
    `base_model: ${JSON.stringify(base.name)}`,
    'library_name: sentence-transformers',
    `pipeline_tag: ${task}`,
    `tags: [sentence-transformers, ${isEmbedder ? 'feature-extraction' : 'cross-encoder'}]`,
    '---',
    '',
    `# ${title}`,
    '',
    `${isEmbedder ? 'An embedder' : 'A cross-encoder'}, trained with @tandem/nn from ${base.name}${base.sha256 ? ` (SHA-256 of its weights \`${base.sha256}\`)` : ''}: ${metrics.steps} steps in ${Math.round(metrics.seconds)} s. The weights are those of step ${bestStep}.`,
    '',
    ...markdownTable(
      ['data', ''],
      entries({
        'training pairs': data.pairs,
        'validation pairs': data.validationPairs,
        'SHA-256 of the training pairs': data.sha256,
        ...card.lineage,
      }),
    ),
    ...(compared.length > 0 ? markdownTable(['measured', 'base', 'this', 'queries'], compared) : []),
    ...(validation.length > 0
      ? markdownTable(
          ['step', 'validation loss', 'recall@1'],
          validation.map(({ step, loss, recallAt1 }) => [
            `${step}${step === bestStep ? ' (kept)' : ''}`,
            plain(loss),
            plain(recallAt1),
          ]),
        )
      : []),
    ...(settings.length > 0 ? markdownTable(['hyperparameter', ''], settings) : []),
    ...(training.length > 0 ? markdownTable(['training', ''], training) : []),
    ...markdownTable(['file (SHA-256)', ''], hashes),
    '## Loading it',
    '',
    '```python',
    `from sentence_transformers import ${isEmbedder ? 'SentenceTransformer' : 'CrossEncoder'}`,
    '',
    `model = ${isEmbedder ? 'SentenceTransformer' : 'CrossEncoder'}(".")  # this folder`,
    '```',
    '',
    `In JavaScript: \`await ${isEmbedder ? 'BertEncoder' : 'CrossEncoder'}.load({ directory: "." })\` of @tandem/nn.`,
    '',
    ...(card.usage ? [card.usage, ''] : []),
  ].join('\n');
}

const row = (
  name: string,
  before: number,
  after: number,
  queries: number | undefined,
): [string, string, string, string] => [name, plain(before), plain(after), queries ? `${queries}` : ''];

const entries = (values: Readonly<Record<string, unknown>>): [string, string][] =>
  Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, plain(value)]]));

const plain = (value: unknown): string =>
  typeof value === 'number'
    ? String(Number.isInteger(value) ? value : Number(value.toPrecision(4)))
    : String(value);
