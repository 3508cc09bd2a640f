import { BertEncoder, type EmbedderPair, type EmbedderResult, trainEmbedder } from '@tandem/nn';
import { cosine } from '../../core/cosine.ts';
import type { GlossaryEntry } from '../../core/types/glossary.ts';

/** What a trained embedder is made from and measured on. */
export interface EmbedderTraining {
  /** Folder of the embedder to begin from. */
  base: string;
  /** Where the result is written, where checkpoints are, and who is told of progress. */
  job: Pick<
    Parameters<typeof trainEmbedder>[0],
    'outputDirectory' | 'checkpointDirectory' | 'resume' | 'onProgress'
  >;
  train: readonly EmbedderPair[];
  validation: readonly EmbedderPair[];
  glossary: readonly GlossaryEntry[];
  settings: Parameters<typeof trainEmbedder>[0]['hyperparameters'] & object;
  signal?: AbortSignal;
}

/** Share of the glossary's abbreviations whose own long form is the nearest of all long forms. */
export interface GlossaryRecall {
  before: number;
  after: number;
  /** Queries behind each share. */
  queries: number;
}

export interface TrainedEmbedder extends EmbedderResult {
  glossary?: {
    /** Worded as in training. */
    trained: GlossaryRecall;
    /** In words that no training pair has. */
    untrained: GlossaryRecall;
  };
}

/** How a glossary's abbreviation is worded: in training, and only when it is measured what was learnt. */
export const trainedWordings = ['{}', '{}?', 'about {}', 'someone with {}', 'I have {}.'];
export const untrainedWordings = [
  'What does {} stand for?',
  'The doctor wrote {} on my form.',
  'my sister was told it is {}',
];

export function glossaryPairs(glossary: readonly GlossaryEntry[]): EmbedderPair[] {
  return trainedWordings.flatMap((wording) =>
    glossary.map(({ abbreviation, longForm }) => ({
      query: wording.replace('{}', abbreviation),
      positive: longForm,
    })),
  );
}

/** Trains on the pairs and the glossary's, in a thread of its own, and measures the glossary before and after. */
export async function trainProjectEmbedder(training: EmbedderTraining): Promise<TrainedEmbedder> {
  const { base, job, glossary, settings, signal } = training;
  const result = await trainEmbedder({
    ...job,
    directory: base,
    pairs: [...training.train, ...glossaryPairs(glossary)],
    validation: training.validation,
    hyperparameters: settings,
    ...(signal && { signal }),
  });
  if (glossary.length === 0) return result;
  const recalls = async (directory: string) => {
    await using encoder = await BertEncoder.load({ directory });
    return [
      await glossaryRecall(encoder, glossary, trainedWordings, signal),
      await glossaryRecall(encoder, glossary, untrainedWordings, signal),
    ] as const;
  };
  const before = await recalls(base);
  const after = await recalls(result.directory);
  const between = (at: 0 | 1, wordings: readonly string[]): GlossaryRecall => ({
    before: before[at],
    after: after[at],
    queries: wordings.length * glossary.length,
  });
  return {
    ...result,
    glossary: { trained: between(0, trainedWordings), untrained: between(1, untrainedWordings) },
  };
}

/** Recall@1 of abbreviations, in each of the wordings, among the glossary's long forms. */
export async function glossaryRecall(
  encoder: BertEncoder,
  glossary: readonly GlossaryEntry[],
  wordings: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  const longForms = [...new Set(glossary.map(({ longForm }) => longForm))];
  const queries = wordings.flatMap((wording) =>
    glossary.map(({ abbreviation }) => ({ abbreviation, text: wording.replace('{}', abbreviation) })),
  );
  const vectors = await encoder.embed([...longForms, ...queries.map(({ text }) => text)], {
    ...(signal && { signal }),
  });
  const right = queries.filter(({ abbreviation }, row) => {
    const query = vectors[longForms.length + row]!;
    const scores = longForms.map((_, at) => cosine(query, vectors[at]!));
    const nearest = longForms[scores.indexOf(Math.max(...scores))];
    // An abbreviation may stand for several things; any of them is right.
    return glossary.some((entry) => entry.abbreviation === abbreviation && entry.longForm === nearest);
  });
  return right.length / queries.length;
}
