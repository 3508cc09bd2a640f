import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { writeAtomically } from '../parts/write-atomically.ts';
import { softmaxInPlace } from '../statistics/softmax.ts';

/** A linear layer over the embedder's vector of a question that chooses one field's value. */
export interface FieldHead {
  /** Dotted path in the project's reply. */
  path: string;
  choices: readonly string[];
  /** `[choices, dimensions]`. */
  weights: Float32Array;
  biases: Float32Array;
  /** Logits are divided by it, so that probabilities are as often right as they say. */
  temperature: number;
}

/** How well a field's head does, as its training measured. */
export interface FieldHeadFigures {
  path: string;
  /** Wordings that it was trained on, groups of them that are independent, and choices that none of them has. */
  questions: number;
  groups: number;
  unseenChoices: string[];
  /** The L2 strength that was chosen, on features brought to unit variance. */
  l2: number;
  temperature: number;
  /** On folds left out, of groups: share right, and expected calibration error before and after the temperature. */
  folds: { questions: number; accuracy: number; eceBefore: number; eceAfter: number };
  /** On the validation questions, which nothing was chosen on. Absent where there are none. */
  validation?: { questions: number; accuracy: number; ece: number };
}

/** What `tuneHead` made. */
export interface Head {
  fields: readonly FieldHead[];
  figures: readonly FieldHeadFigures[];
  dimensions: number;
  /** Of the embedder whose vectors it reads. */
  embedderHash: string;
  /** SHA-256 of the ids of all documents that its questions are about. */
  documents: readonly string[];
  seconds: number;
}

/** One value that a head chose. */
export interface HeadChoice {
  path: string;
  choice: string;
  /** Calibrated. */
  probability: number;
  /** Of each choice, in the order of `choices`. */
  probabilities: Float64Array;
}

/**
 * The most probable choice for a question.
 * @param vector the question's, as the embedder gives it for the role `query`
 */
export function decideField(
  { path, choices, weights, biases, temperature }: FieldHead,
  vector: Float32Array,
): HeadChoice {
  const probabilities = Float64Array.from(biases);
  for (let k = 0; k < choices.length; k++)
    for (let j = 0; j < vector.length; j++) probabilities[k]! += weights[k * vector.length + j]! * vector[j]!;
  softmaxInPlace(probabilities, temperature);
  let best = 0;
  for (const [k, probability] of probabilities.entries()) if (probability > probabilities[best]!) best = k;
  return { path, choice: choices[best]!, probability: probabilities[best]!, probabilities };
}

/** In the folder of a head. */
export const headFile = 'head.json';

const count = z.number().int().min(0);
const schema = z.object({
  version: z.literal(1),
  embedderHash: z.string(),
  dimensions: z.number().int().positive(),
  documents: z.array(z.string()),
  seconds: z.number(),
  figures: z.array(
    z.object({
      path: z.string(),
      questions: count,
      groups: count,
      unseenChoices: z.array(z.string()),
      l2: z.number(),
      temperature: z.number(),
      folds: z.object({
        questions: count,
        accuracy: z.number(),
        eceBefore: z.number(),
        eceAfter: z.number(),
      }),
      validation: z.object({ questions: count, accuracy: z.number(), ece: z.number() }).optional(),
    }),
  ),
  fields: z.array(
    z.object({
      path: z.string(),
      choices: z.array(z.string()),
      temperature: z.number().positive(),
      /** Float32, little endian, base64: the weights of each choice, then the biases. */
      numbers: z.string(),
    }),
  ),
});

/** Writes `head.json` into a folder that is there: whole, or it stays as it was. */
export async function writeHead(directory: string, { fields, ...rest }: Head): Promise<void> {
  const content = {
    version: 1,
    ...rest,
    fields: fields.map(({ weights, biases, ...field }) => ({
      ...field,
      numbers: Buffer.from(Float32Array.from([...weights, ...biases]).buffer).toString('base64'),
    })),
  };
  await writeAtomically(join(directory, headFile), `${JSON.stringify(content)}\n`);
}

/** @throws InvalidInputError where the folder has no head, or one that cannot be read. */
export async function readHead(directory: string): Promise<Head> {
  const file = join(directory, headFile);
  const refuse = (why: string, cause?: unknown) =>
    new InvalidInputError({
      domain: 'decide',
      where: 'head',
      message: `${file} ${why}.`,
      hint: 'Train the head again.',
      cause,
    });
  let content: z.output<typeof schema>;
  try {
    content = schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw refuse('is no head of this version', cause);
  }
  const { version: _version, figures, ...head } = content;
  return {
    ...head,
    figures: figures.map(({ validation, ...each }) => ({ ...each, ...(validation && { validation }) })),
    fields: content.fields.map(({ numbers, ...field }) => {
      const bytes = Buffer.from(numbers, 'base64');
      const { length } = field.choices;
      if (bytes.byteLength !== 4 * length * (head.dimensions + 1)) throw refuse('is damaged');
      const all = new Float32Array(new Uint8Array(bytes).buffer);
      const split = length * head.dimensions;
      return { ...field, weights: all.subarray(0, split), biases: all.subarray(split) };
    }),
  };
}
