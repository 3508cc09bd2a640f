import { z } from 'zod';
import { hashJson } from '../../core/hash.ts';
import type { Parts } from '../../parts/parts.ts';
import { retrievalSettings } from '../../parts/retriever-for.ts';
import { type SignalWeights, signalNames } from './signals.ts';
import { sufficiencyWeights } from './weights.ts';

/** What may be left out of the search so that a question has no answer: the documents that answer, the passages that do, or each for half of the questions. */
export const leftOutChoices = ['documents', 'passages', 'both'] as const;

const interval = z.object({ value: z.number(), low: z.number(), high: z.number(), n: z.number().int() });

/** How sufficiency is told in this project, and where answering begins. */
const sufficiencyCalibrationSchema = z.object({
  /** Of the probability's logit: what each signal is worth here, and the constant. */
  weights: z.object(
    Object.fromEntries([...signalNames, 'constant'].map((name) => [name, z.number()])) as {
      [Name in keyof SignalWeights]: z.ZodNumber;
    },
  ),
  /** Questions whose passages are less likely than this to answer them are refused. */
  threshold: z.number(),
  /** The rate of false answers that was asked for. */
  falseAnswers: z.number(),
  /** Cross-fitted: what this rule did to questions that it was not fitted on. */
  achieved: z.object({ answered: interval, falseAnswers: interval }),
  /** Expected calibration error of the general model, and of this one on questions that it was not fitted on. */
  eceBefore: z.number(),
  eceAfter: z.number(),
  /** What it was fitted on: `questions` of the project's own, or made of its `documents`. */
  fittedOn: z.enum(['questions', 'documents']),
  /** What was left out of the search to make questions without an answer, which is what the rate is of. Older ones do not say. */
  leftOut: z.enum(leftOutChoices).optional(),
  /** The index and embedder that it holds for. */
  fingerprint: z.string(),
});
export type SufficiencyCalibration = z.infer<typeof sufficiencyCalibrationSchema>;

/** What sufficiency is told by: the project's calibration, else the general model where it holds, else nothing. */
export interface SufficiencyModel {
  calibration?: SufficiencyCalibration;
  isGeneral: boolean;
}

/** Where the catalogue keeps it. */
export const sufficiencyKey = 'sufficiency';

/** What the catalogue has; undefined where there is none, or of an index that was made otherwise. */
export function parseSufficiency(
  stored: unknown,
  fingerprint: string | undefined,
): SufficiencyCalibration | undefined {
  const parsed = sufficiencyCalibrationSchema.safeParse(stored);
  return parsed.success && parsed.data.fingerprint === fingerprint ? parsed.data : undefined;
}

/** Changes where what is measured would be another: how documents are cut and embedded, and how they are searched. */
export async function sufficiencyFingerprint({
  catalog,
  ...parts
}: SufficiencyParts): Promise<string | undefined> {
  const index = await catalog.index.get();
  // What is refused whatever is measured is no part of the measure.
  const { leastSimilarity: _, ...retrieve } = await retrievalSettings(parts);
  return index && hashJson({ weights: sufficiencyWeights, index: index.configurationHash, retrieve });
}

/** What sufficiency hangs on. */
export type SufficiencyParts = Pick<Parts, 'catalog' | 'settings' | 'models' | 'material' | 'directory'>;

/** Meaning says less where passages are told apart worse than this; of the collections that the weights were fitted on it is 5.2 and 6.5. */
const leastSeparation = 4.5;

/**
 * Whether the general model says anything here: its weights are of one embedder's cosines, and of an index whose passages that embedder tells apart. Elsewhere it
 * speaks only once it was brought to scale.
 */
export async function generalModelHolds({
  catalog,
  models,
}: Pick<Parts, 'catalog' | 'models'>): Promise<boolean> {
  const separation = (await catalog.index.get())?.separation?.value ?? 0;
  return models.names.embedder === fittedWith && separation >= leastSeparation;
}

const fittedWith = 'local:all-minilm-l6-v2';
