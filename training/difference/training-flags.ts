/** The flags that the commands of training have in common, and the hyperparameters that follow from them. */
import { parseArgs } from 'node:util';
import type { CrossEncoderJob } from '@tandem/nn';

/** What a command of training was told. */
export interface TrainingFlags {
  /** Folder for what is made on the way. */
  work: string;
  /** Folder of the difference and its card. */
  output: string;
  /** Part of the pairs that is trained on. */
  share: number;
  threads: number;
  /** Of each matrix's change in the difference; with LoRA also of what is trained. */
  rank: number;
  hyperparameters: NonNullable<CrossEncoderJob['hyperparameters']>;
  /** A model of Tandem's that training begins with, in place of all-MiniLM-L6-v2: `reranker`. */
  beginWith?: 'reranker';
  /** Names what is kept in `work`: trainings told otherwise have others. */
  run: string;
  /** What was told that decides the result, for the card: ` --share 0.1`. */
  told: string;
}

/** @param output where the difference goes unless --output says otherwise */
export function readTrainingFlags({ output, name }: { output: string; name: string }): TrainingFlags {
  const { values: flags } = parseArgs({
    options: {
      work: { type: 'string' },
      share: { type: 'string', default: '1' },
      method: { type: 'string', default: 'lora' },
      rank: { type: 'string', default: '32' },
      products: { type: 'string', default: 'int8' },
      'begin-with': { type: 'string' },
      'learning-rate': { type: 'string' },
      epochs: { type: 'string', default: '1' },
      threads: { type: 'string', default: '2' },
      output: { type: 'string', default: output },
    },
  });
  if (!flags.work) throw new Error('Name a folder for what is made on the way: --work FOLDER.');
  const { method, 'learning-rate': learningRate, 'begin-with': beginWith, epochs } = flags;
  if (beginWith !== undefined && beginWith !== 'reranker')
    throw new Error(`--begin-with ${beginWith} is not known: reranker, or leave it out.`);
  const rank = Number(flags.rank);
  const deciding = [
    ['share', flags.share, '1'],
    ['method', method, 'lora'],
    ['rank', flags.rank, '32'],
    ['products', flags.products, 'int8'],
    ['begin-with', beginWith, undefined],
    ['learning-rate', learningRate, undefined],
    ['epochs', epochs, '1'],
  ];
  return {
    work: flags.work,
    output: flags.output,
    share: Number(flags.share),
    threads: Number(flags.threads),
    ...(beginWith && { beginWith }),
    rank,
    hyperparameters: {
      method: method as 'full' | 'lora',
      ...(method === 'lora' ? { rank, alpha: 2 * rank } : { products: flags.products as 'float32' | 'int8' }),
      learningRate: Number(learningRate ?? (method === 'lora' ? 1e-3 : 1e-4)),
      batchSize: 16,
      epochs: Number(epochs),
      schedule: 'cosine' as const,
      warmupFraction: 0.06,
      // The pairs have their own: hard ones.
      negatives: 0,
      seed: 1,
    },
    run: `${name}-${method}-${rank}-${learningRate ?? ''}-${flags.share}${epochs === '1' ? '' : `-${epochs}-epochs`}${flags.products === 'int8' ? '' : `-${flags.products}`}${beginWith === undefined ? '' : `-${beginWith}`}`,
    told: deciding
      .filter(([, value, usual]) => value !== usual)
      .map(([flag, value]) => ` --${flag} ${value}`)
      .join(''),
  };
}
