import { z } from 'zod';
import { sourceSchema } from './source-config.ts';
import { storeSchema } from './store-config.ts';
import { armNames } from './types/answer.ts';

/**
 * Where a model comes from. A string is `provider:model`: `local:NAME` (the built-in registry, see `tandem models list`),
 * `local:./path/to/file.gguf`, `hf:owner/repo/file.gguf`, or `NAME:model` for a provider named under `providers`.
 */
const modelReference = z
  .string()
  .regex(
    /^[a-z][\w-]*:.+$/,
    'write it as provider:model, such as local:NAME (`tandem models list` has the names)',
  );

const providerSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('openai-compatible'),
    baseURL: z.url(),
    apiKeyEnv: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({
    type: z.literal('ollama'),
    baseURL: z.url().default('http://127.0.0.1:11434'),
    contextLength: z.number().int().positive().optional(),
  }),
  /** Any AI SDK provider: the function gets the model's name and returns a language, embedding or reranking model. */
  z.strictObject({
    type: z.literal('ai-sdk'),
    languageModel: z.function().optional(),
    embeddingModel: z.function().optional(),
    rerankingModel: z.function().optional(),
  }),
]);
export type ProviderConfig = z.infer<typeof providerSchema>;

const promptVariant = z.strictObject({
  id: z.string(),
  /** System prompt. `{styleGuide}`, `{schema}` and `{notInSources}` are filled in. */
  system: z.string(),
  /** Shown as earlier turns, for few-shot prompts. */
  examples: z.array(z.strictObject({ user: z.string(), assistant: z.string() })).default([]),
});
export type PromptVariant = z.infer<typeof promptVariant>;

const styleRule = z.strictObject({
  id: z.string(),
  description: z.string(),
  /** Given the text a person would read; true when the rule is kept. */
  check: z.custom<(text: string) => boolean>((value) => typeof value === 'function', 'must be a function'),
});
export type StyleRule = z.infer<typeof styleRule>;

const outputSchema = z.strictObject({
  /** JSON Schema of the reply. */
  schema: z.record(z.string(), z.unknown()),
  /** Dotted path of the field a person reads; citations stand in it and text metrics compare it. */
  textField: z.string(),
  /** Fields compared with the expected ones, each its own metric. `normalized` ignores case and punctuation. */
  compareFields: z
    .array(
      z.strictObject({
        path: z.string(),
        name: z.string(),
        match: z.enum(['exact', 'normalized']).default('exact'),
      }),
    )
    .default([]),
  /** A field that Tandem fills in itself: the calibrated probability that `of` is right. */
  confidence: z.strictObject({ field: z.string(), of: z.string() }).optional(),
});

/** A size of memory as people write it. */
export const memorySizeSchema = z
  .string()
  .regex(/^\d+(\.\d+)? ?[MG]B$/i, 'must be a size such as 1.5GB or 800MB');

/** How an encoder is trained. Learning rate and batch size, where not given: `project/encoder-run.ts`. */
const encoderTuneSchema = z
  .strictObject({
    /** All weights, or low-rank changes of all linears, which are folded in at the end. */
    method: z.enum(['full', 'lora']).default('full'),
    /** Of the layers' products where all weights are trained. `auto`: int8 where the CPU has integer dot products, else float32. */
    products: z.enum(['auto', 'float32', 'int8']).default('auto'),
    /** Of `lora`. */
    rank: z.number().int().min(1).default(16),
    alpha: z.number().positive().default(32),
    epochs: z.number().positive().default(2),
    /** Stop when so many measurements of the validation loss in a row brought nothing better; 0 never does. */
    patience: z.number().int().min(0).default(0),
    /** At its peak. Absent: 5e-5, of `lora` 1e-3. */
    learningRate: z.number().positive().optional(),
    /** Pairs in a step. Absent: 64 of an embedder (the others are its negatives), 16 of a reranker. */
    batchSize: z.number().int().min(2).optional(),
  })
  .refine(({ method, products }) => method === 'full' || products !== 'int8', {
    path: ['products'],
    message: 'int8 is for method full: low-rank changes are trained in float32',
  })
  .prefault({});
export type EncoderTuneConfig = z.output<typeof encoderTuneSchema>;

export const configSchema = z.strictObject({
  name: z.string().min(1),
  /** Where documents come from; each kind's settings: `source-config.ts`. */
  sources: z.array(sourceSchema).default([]),
  models: z
    .strictObject({
      chat: modelReference.default('local:smollm2-135m-instruct'),
      embedder: modelReference.default('local:all-minilm-l6-v2'),
    })
    .prefault({}),
  providers: z.record(z.string(), providerSchema).default({}),
  store: storeSchema.prefault({ kind: 'lancedb' }),
  /** `local`: once the models are cached, nothing leaves loopback but to configured sources and providers. */
  network: z.enum(['local', 'open']).default('local'),
  chunk: z
    .strictObject({
      /** How documents are cut; `tandem eval retrieval --chunkers` compares the ways on a project's own questions. */
      strategy: z.enum(['sentence', 'structural', 'fixed', 'semantic', 'parent-child']).default('sentence'),
      maxTokens: z.number().int().min(16).max(256).default(200),
      overlapTokens: z.number().int().min(0).default(30),
      /** `parent-child` alone: tokens of the chunks that are searched; `maxTokens` then bounds what is handed on. */
      childTokens: z.number().int().min(16).max(256).optional(),
    })
    .prefault({}),
  retrieve: z
    .strictObject({
      k: z.number().int().min(1).max(50).default(4),
      /** Passages that each search brings to be compared. */
      candidates: z.number().int().min(1).default(60),
      /** CSV with the columns abbreviation and long_form: a question's abbreviations are searched spelt out. Relative to the project. */
      glossary: z.string().optional(),
      /**
       * Compares the best passages with the question once more, reading both together: `local:./path` of a cross-encoder (`tandem tune
       * --reranker` trains one), or a provider's. Absent: none, which is faster.
       */
      reranker: modelReference.optional(),
      /** Passages that the reranker reads. */
      rerankCandidates: z.number().int().min(1).max(100).default(20),
      /** So many chunks of the same section before and after each passage are joined to it. */
      neighbours: z.number().int().min(0).max(5).default(0),
      /** At most so many of the embedder's tokens in all of a question's passages together. Absent: no limit but `k`. */
      maxTokens: z.number().int().min(64).optional(),
      /** Cosine that the best passage must reach for a question to be answered from the sources at all. */
      leastSimilarity: z.number().min(-1).max(1).default(0.25),
    })
    .prefault({}),
  answer: z
    .strictObject({
      arm: z.enum(armNames).default('rag'),
      maxTokens: z.number().int().min(8).default(256),
      temperature: z.number().min(0).default(0),
      notInSources: z.string().default('The sources do not say.'),
      styleGuide: z.string().optional(),
      /** The one line that tuned and hybrid carry instead of the style guide. */
      tunedSystem: z.string().default('Answer as you have learnt to.'),
      /** System prompt under which the tuned model turns a question into a search query. */
      rewriteSystem: z.string().default('Rewrite the question as a search query. Spell out abbreviations.'),
      prompts: z
        .strictObject({ base: z.array(promptVariant), rag: z.array(promptVariant) })
        .partial()
        .prefault({}),
      output: outputSchema.optional(),
      /** Constrain every arm's reply to `output.schema` by a grammar, or none: never one arm alone. */
      grammar: z.boolean().default(true),
      styleRules: z.array(styleRule).default([]),
    })
    .prefault({}),
  /** Files, relative to the project. */
  dataset: z
    .strictObject({
      /** Questions that may be trained on (JSONL of `TrainingQuestion`): `tandem dataset build` makes examples of them. */
      questions: z.string().optional(),
      /** Ready-made chat examples in OpenAI's fine-tuning JSONL, instead of `questions`. */
      train: z.string().optional(),
      validation: z.string().optional(),
      /** Held-out cases for `tandem compare` (JSONL of `Case`); never trained on. */
      cases: z.string().optional(),
      /** Questions with answers that nobody has divided yet: split by group into training, validation and held-out cases. */
      qa: z.string().optional(),
      /** CSV with the columns abbreviation and long_form. */
      glossary: z.string().optional(),
      /** Training examples of each kind; see `DatasetMix`. */
      mix: z
        .strictObject({
          passages: z.number().int().min(0),
          absent: z.number().int().min(0),
          closed: z.number().int().min(0),
          rewrite: z.number().int().min(0),
          glossary: z.number().min(0),
        })
        .optional(),
    })
    .prefault({}),
  tune: z
    .strictObject({
      rank: z.number().int().min(1).default(16),
      alpha: z.number().positive().default(32),
      /** Share of what the adapter reads that is zeroed in training; costs time, and helps where examples are few. */
      dropout: z.number().min(0).lt(1).default(0),
      /** Of the local trainer's products with the frozen weights; `int8` is faster where the CPU has integer dot products. */
      frozenPrecision: z.enum(['float32', 'int8']).default('float32'),
      /** At its peak. Absent, like `epochs` and `patience`: by the amount of data. */
      learningRate: z.number().positive().optional(),
      schedule: z.enum(['cosine', 'linear', 'constant']).default('cosine'),
      batchSize: z.number().int().min(1).default(4),
      /** Batches in one step. */
      accumulate: z.number().int().min(1).default(1),
      epochs: z.number().positive().optional(),
      /** Stop when so many measurements of the validation loss in a row brought nothing better; 0 never does. */
      patience: z.number().int().min(0).optional(),
      /** Of training on preferences: how strongly the model is held to what it was before. */
      beta: z.number().positive().default(0.1),
      warmupFraction: z.number().min(0).max(1).default(0.05),
      maxGradientNorm: z.number().positive().default(1),
      weightDecay: z.number().min(0).default(0),
      maxLength: z.number().int().min(16).default(1024),
      targetModules: z
        .array(z.string())
        .default(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']),
      seed: z.number().int().default(7),
      /** Stop after this many minutes of training, at the end of the schedule scaled to it. */
      maxMinutes: z.number().positive().optional(),
      /** What the local trainer should stay within, such as `2GB`: the fastest way that is expected to is taken. */
      memory: memorySizeSchema.optional(),
      /** Of `tandem tune --embedder`; of the settings above it has `seed`. */
      embedder: encoderTuneSchema,
      /** Of `tandem tune --reranker`, likewise. */
      reranker: encoderTuneSchema,
      /** Who trains: this process, a Python process on this machine, or the provider of `models.chat`. */
      trainer: z.enum(['local', 'worker', 'hosted']).default('local'),
      worker: z
        .strictObject({
          /** A Python that has torch, transformers, peft and gguf; absent: `TANDEM_PYTHON`, else uv brings them. */
          python: z.string().optional(),
          /** Hugging Face id or folder of the same model, trained on instead of the GGUF's blocks. */
          base: z.string().optional(),
          precision: z.enum(['auto', 'fp32', 'bf16']).default('auto'),
          /** Frozen weights in four bits (QLoRA, by bitsandbytes); `auto`: where there is a CUDA GPU. */
          quantise: z.enum(['auto', '4bit', 'none']).default('auto'),
          /** Examples run at once; a step's other examples follow before its update. Default: the whole step. */
          microBatchSize: z.number().int().min(1).optional(),
          threads: z.number().int().min(1).optional(),
        })
        .prefault({}),
      hosted: z
        .strictObject({
          /** Name to tune under, where it is not the one in `models.chat` (a dated snapshot). */
          model: z.string().optional(),
          /** Part of the tuned model's name. */
          suffix: z.string().max(64).optional(),
          /** The provider's own choice unless given. */
          epochs: z.number().int().min(1).optional(),
          batchSize: z.number().int().min(1).optional(),
          learningRateMultiplier: z.number().positive().optional(),
          /** US dollars for a million trained tokens, where the table in `tune/hosted/prices.json` is silent or old. */
          pricePerMillionTokens: z.number().min(0).optional(),
          pollSeconds: z.number().positive().default(10),
          /** Leave the uploaded examples at the provider when the job is over. */
          keepFiles: z.boolean().default(false),
          /** Further members of the job's request, sent as they are. */
          request: z.record(z.string(), z.unknown()).optional(),
        })
        .prefault({}),
    })
    .prefault({}),
});

/** What a user writes: everything but `name` has a default. */
export type ConfigInput = z.input<typeof configSchema>;
export type Config = z.output<typeof configSchema>;

/** Gives `tandem.config.ts` its types; checks nothing yet, so that one place (`loadConfig`) reports every mistake. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
