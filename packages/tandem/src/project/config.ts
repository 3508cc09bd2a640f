import { z } from 'zod';
import {
  documentQuestionSettings,
  mixSettings,
  providerSchema,
  retrieveSettings,
  settingsSchema,
} from '../core/settings.ts';
import { sourceSchema } from '../core/source-config.ts';
import { storeSchema } from '../core/store-config.ts';
import { givenFileSchema } from '../core/types/dataset-file.ts';
import { embedderOptionsSchema } from '../models/embedder-options.ts';
import { embeddingModelSchema, languageModelSchema, rerankingModelSchema } from '../models/model-kinds.ts';

/**
 * Where a model comes from. A string is `provider:model`: `local:NAME` (the built-in registry, see `tandem models list`),
 * `local:./path/to/file.gguf`, `hf:owner/repo/file.gguf`, or `NAME:model` for a provider named under `providers`.
 */
const modelReference = z
  .string()
  .regex(/^[a-z][\w-]*:.+$/, 'write it as provider:model, such as local:NAME (docs/config.md has the forms)');

/** A file of questions or examples: its path, or with how it is to be read where its content does not say so. */
const materialFile = z.union([z.string(), givenFileSchema]);

/** What `tandem.config.ts` may say: the settings, and which parts to open. Paths are relative to the project's folder. */
export const configSchema = z.strictObject({
  name: z.string().min(1),
  /** Where documents come from; each kind's settings: `source-config.ts`. */
  sources: z.array(sourceSchema).default([]),
  /** Each `provider:model`, or a model of the AI SDK, as in `chat: openai('gpt-5')`. */
  models: z
    .strictObject({
      /** Absent: `defaultChat` says which. */
      chat: z.union([modelReference, languageModelSchema]).optional(),
      embedder: z.union([modelReference, embeddingModelSchema]).default('local:all-minilm-l6-v2'),
      /** Of a local embedder: what its files leave open, or say wrongly. */
      embedderOptions: embedderOptionsSchema.optional(),
    })
    .prefault({}),
  providers: z.record(z.string(), providerSchema).default({}),
  store: storeSchema.prefault({ kind: 'lancedb' }),
  /** `local`: once the models are cached, nothing leaves loopback but to configured sources and providers. */
  network: z.enum(['local', 'open']).default('local'),
  ...settingsSchema.shape,
  retrieve: retrieveSettings
    .extend({
      /** CSV with the columns abbreviation and long_form: a question's abbreviations are searched spelt out. Relative to the project. */
      glossary: z.string().optional(),
      /**
       * Compares the best passages with the question once more, reading both together: `local:./path` of a cross-encoder (`tandem tune
       * --reranker` trains one), or a provider's. Absent: none, which is faster.
       */
      reranker: z.union([modelReference, rerankingModelSchema]).optional(),
    })
    .prefault({}),
  /** Files, relative to the project. */
  dataset: z
    .strictObject({
      /** Questions that may be trained on (`TrainingQuestion`): `tandem dataset build` makes examples of them. */
      questions: materialFile.optional(),
      /** Ready-made chat examples, instead of `questions`: in OpenAI's fine-tuning form, as ShareGPT or Alpaca conversations. */
      train: materialFile.optional(),
      validation: materialFile.optional(),
      /** Held-out cases for `tandem compare` (`Case`); never trained on. */
      cases: materialFile.optional(),
      /** Questions with answers that are not divided yet: split by group into training, validation and held-out cases. */
      qa: materialFile.optional(),
      /** CSV with the columns abbreviation and long_form. */
      glossary: z.string().optional(),
      /** Training examples of each kind; see `DatasetMix`. */
      mix: mixSettings.optional(),
      /** At most this share of the examples that show passages may say that the answer is not there. Default 0.4. */
      mostRefusals: z.number().min(0).max(1).optional(),
      /** Questions are also made of the indexed documents. */
      documents: documentQuestionSettings.optional(),
      /** Answers that people rated up, or corrected, are examples too. */
      feedback: z.boolean().optional(),
    })
    .prefault({}),
});

/** What a user writes: everything but `name` has a default. */
export type ConfigInput = z.input<typeof configSchema>;
/** What `tandem.config.ts` says, with the defaults filled in. */
export type Config = z.output<typeof configSchema>;

/**
 * Gives `tandem.config.ts` its types; checks nothing yet, so that one place (`loadConfig`) reports every mistake.
 *
 * @example
 * export default defineConfig({
 *   name: 'handbook',
 *   sources: [{ type: 'files', path: 'handbook' }],
 *   models: { chat: openai('gpt-5') },
 * });
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
