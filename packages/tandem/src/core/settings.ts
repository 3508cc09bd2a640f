import { z } from 'zod';
import { fromEnvironment } from './source-config.ts';
import { armNames } from './types/answer.ts';

export const providerSchema = z.discriminatedUnion('type', [
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

const step = z.custom<{ name: string; run: (...parameters: never[]) => unknown; timeoutSeconds?: number }>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'run' in value &&
    typeof value.run === 'function' &&
    'name' in value &&
    typeof value.name === 'string' &&
    value.name !== '',
  'must be a step: { name, run }',
);
/** `Verifier` of `verify/verifier.ts`. */
const verifier = z.custom<{ name: string; verify: (...parameters: never[]) => unknown }>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'verify' in value &&
    typeof value.verify === 'function' &&
    'name' in value &&
    typeof value.name === 'string' &&
    value.name !== '',
  'must be auto, overlap, cross-encoder, none, { crossEncoder: REFERENCE }, { judge: REFERENCE }, or a verifier: { name, verify }',
);
const version = z.union([z.string(), z.number()]).optional();
/** `StepInsertion` of `answer/step.ts`. */
const stepInsertion = z.union([
  z.strictObject({ after: z.string(), step, version }),
  z.strictObject({ before: z.string(), step, version }),
]);

const outputSchema = z.strictObject({
  /** JSON Schema of the reply. */
  schema: z.record(z.string(), z.unknown()),
  /** Dotted path of the field a person reads; it holds the citations, and text metrics compare it. */
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

/** How an encoder is trained. Learning rate and batch size, where not given: `tune/encoders/encoder-run.ts`. */
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

/** A chunk's tokens where no setting says otherwise. An embedder that reads less than that bounds it without a word. */
export const defaultChunkTokens = 200;

const chunkSettings = z
  .strictObject({
    /** How documents are cut; `tandem eval retrieval --chunkers` compares the ways on a project's own questions. */
    strategy: z.enum(['sentence', 'structural', 'fixed', 'semantic', 'parent-child']).default('sentence'),
    /** The most tokens of a chunk with its prefix. What the embedder reads is the bound: `tokenLimits`. */
    maxTokens: z.number().int().min(16).default(defaultChunkTokens),
    overlapTokens: z.number().int().min(0).default(30),
    /** `parent-child` alone: tokens of the chunks that are searched; `maxTokens` then bounds what is returned. */
    childTokens: z.number().int().min(16).optional(),
  })
  .prefault({});

/** How questions are searched: by all there is, by meaning alone, by words alone. */
export const searchModes = ['hybrid', 'dense', 'lexical'] as const;

/** Without defaults filled in at the top, so that a project's config can add to it. */
export const retrieveSettings = z.strictObject({
  /** Absent: `hybrid`. `tandem eval retrieval` compares them on a project's own questions. */
  mode: z.enum(searchModes).optional(),
  k: z.number().int().min(1).max(50).default(4),
  /** Passages that each search brings to be compared. */
  candidates: z.number().int().min(1).default(60),
  /** Passages that the reranker reads. */
  rerankCandidates: z.number().int().min(1).max(100).default(20),
  /** So many chunks of the same section before and after each passage are joined to it. */
  neighbours: z.number().int().min(0).max(5).default(0),
  /** At most so many of the embedder's tokens in all of a question's passages together. Absent: no limit but `k`. */
  maxTokens: z.number().int().min(64).optional(),
  /**
   * How much the best passage or sentence must have to do with a question for it to be answered from the sources at all: a cosine, more
   * where it has the question's words and less where it lacks them. −1: every question is answered.
   */
  leastSimilarity: z.number().min(-1).max(1).default(0.25),
  /** A folder with what `tuneRanking` learnt; relative to the directory of the parts. Absent: the general ranking. */
  ranking: z.string().min(1).optional(),
});

const liveCommon = {
  /** Part of its citations: `live:NAME/THING`. */
  name: z.string().regex(/^[\w.-]+$/, 'use letters, digits, dots and hyphens'),
  /** Questions that it answers, as people ask them, each with `{thing}` where the thing is named. */
  asks: z.array(z.string().includes('{thing}')).min(1),
  timeoutSeconds: z.number().positive().default(5),
  /** Who may be told: with `access` in a question, those who hold this label. */
  access: z.string().min(1).default('public'),
  /** Raise it where a function does something else now: answers that a comparison has stored are then asked for again. */
  version: z.union([z.string(), z.number()]).optional(),
};

/** A row of a database, by the thing that is asked about. */
const liveQuery = z.strictObject({
  ...liveCommon,
  /** As of a source of type sql. */
  url: z.union([z.string(), fromEnvironment]),
  password: fromEnvironment.optional(),
  /** One SELECT of one column: what can be asked about. */
  things: z.string(),
  /** One SELECT; `:thing` stands for the thing. Its first row answers. */
  query: z.string().includes(':thing'),
});
/** The same by functions of your own: an API, say. */
const liveFunctions = z.strictObject({
  ...liveCommon,
  /** Hosts that the functions ask, for the project's network policy. */
  hosts: z.array(z.string().min(1)).default([]),
  things: z.custom<(options: { signal: AbortSignal }) => Promise<readonly string[]>>(
    (value) => typeof value === 'function',
    'must be a function or, with `url`, a SELECT',
  ),
  look: z.custom<
    (thing: string, options: { signal: AbortSignal }) => Promise<Record<string, unknown> | undefined>
  >((value) => typeof value === 'function', 'must be a function'),
});
const liveFact = z.union([liveQuery, liveFunctions]);
export type LiveFact = z.output<typeof liveFact>;

const answerSettings = z
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
    /** Whether hybrid does so. `auto`: where the model was trained to, and recall on the validation questions did not fall by it. */
    rewrite: z.enum(['auto', 'always', 'never']).default('auto'),
    prompts: z
      .strictObject({ base: z.array(promptVariant), rag: z.array(promptVariant) })
      .partial()
      .prefault({}),
    /**
     * `matched`: sentences without a marker get that of the passage that is nearest to them in words and meaning, and their citations say
     * so. `written`: only what the model names is cited.
     */
    markers: z.enum(['written', 'matched']).default('matched'),
    /**
     * What says of each claim of an answer whether its passages bear it out: `overlap` (words, numbers and names; no model), `cross-encoder` (these, and a
     * model that reads the claim with what they found; for English), `auto` (the second where the embedder is all-MiniLM-L6-v2, on whose files that model
     * rests, else the first), another cross-encoder by its reference, a language model by its reference (`chat`: the one that
     * answers), a verifier of your own, or `none`: nothing is checked.
     */
    verifier: z
      .union([
        z.enum(['auto', 'overlap', 'cross-encoder', 'none']),
        z.strictObject({ crossEncoder: z.string() }),
        z.strictObject({ judge: z.string() }),
        verifier,
      ])
      .default('auto'),
    /**
     * What happens where a claim is not borne out. `mark`: it is said. `drop`: its sentence is left out. `regenerate`: the model is asked once more, and what
     * is then not borne out is left out. `refuse`: the answer is that the sources do not say. `extract`: the sources' own words stand in its place.
     */
    onUnsupported: z.enum(['mark', 'drop', 'regenerate', 'refuse', 'extract']).default('mark'),
    /**
     * How likely the passages must be to answer a question for a model to be asked (`Answer.sufficiency`); 0: always. What `calibrateSufficiency` found on the
     * project's own questions takes its place.
     */
    leastSufficiency: z.number().min(0).max(1).default(0.15),
    /** A question that may be about any of several things: it is answered, and the answer says so (`answer`), or it is asked back (`ask`). */
    whenUnclear: z.enum(['answer', 'ask']).default('answer'),
    /** How it is asked back; the things that it may be about follow, one to a line. */
    askWhich: z.string().min(1).default('Which of these do you mean?'),
    output: outputSchema.optional(),
    /** Constrain every arm's reply to `output.schema` by a grammar, or none: never one arm alone. */
    grammar: z.boolean().default(true),
    styleRules: z.array(styleRule).default([]),
    /** Traces are dropped so many days after their answers, but for those that were rated. Absent: they are kept. */
    keepTracesDays: z.number().positive().optional(),
    /** What changes too often to be in documents (a price, what is in stock): read where it stands, at the moment of the question. */
    live: z.array(liveFact).default([]),
    /** Steps of your own in every answer, each beside one of `read`, `retrieve`, `look-up`, `assess`, `prompt`, `generate`, `cite`, `verify`, `record`. */
    steps: z.array(stepInsertion).optional(),
  })
  .refine(({ verifier, onUnsupported }) => verifier !== 'none' || onUnsupported === 'mark', {
    path: ['onUnsupported'],
    message: 'it needs a verifier: with `none` nothing is known to be borne out or not',
  })
  .prefault({});

/** Training examples of each kind; see `DatasetMix`. */
export const mixSettings = z.strictObject({
  passages: z.number().int().min(0),
  absent: z.number().int().min(0),
  closed: z.number().int().min(0),
  rewrite: z.number().int().min(0),
  glossary: z.number().min(0),
});

const tuneSettings = z
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
    /** What was trained on restricted documents is asked only by those who hold all of their access labels. */
    inheritAccess: z.boolean().default(false),
    /** Stop after this many minutes of training, at the end of the schedule scaled to it. */
    maxMinutes: z.number().positive().optional(),
    /** What the local trainer should stay within, such as `2GB`: the fastest way that is expected to is taken. */
    memory: memorySizeSchema.optional(),
    /** Of the embedder's training; of the settings above it uses `seed`. */
    embedder: encoderTuneSchema,
    /** Of the reranker's, likewise. */
    reranker: encoderTuneSchema,
    /** What trains: this process, a Python process on this machine, or the provider of `models.chat`. */
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
        /** US dollars for a million trained tokens, where the table in `tune/hosted/prices.json` has no price or an old one. */
        pricePerMillionTokens: z.number().min(0).optional(),
        pollSeconds: z.number().positive().default(10),
        /** Leave the uploaded examples at the provider when the job is over. */
        keepFiles: z.boolean().default(false),
        /** Further members of the job's request, sent as they are. */
        request: z.record(z.string(), z.unknown()).optional(),
      })
      .prefault({}),
  })
  .prefault({});

/** A share, or true for what is said beside each. */
const shareOrTrue = z.union([z.boolean(), z.number().gt(0).max(1)]);

/** What an arm must keep to: one that breaks any of these is compared and never chosen. */
const constraintSettings = z
  .strictObject({
    /** At least this share of the answers given must cite; true: 19 of 20. */
    mustCite: shareOrTrue.optional(),
    /** Most seconds of the 95th percentile of latency. */
    p95Seconds: z.number().positive().optional(),
    /** Most US dollars, at `questionsPerMonth`. */
    budgetPerMonth: z.number().positive().optional(),
    questionsPerMonth: z.number().positive().optional(),
    /** How often facts change. From 1 on an arm that reads no sources is out: it answers from what it was trained on. */
    changesPerMonth: z.number().min(0).optional(),
    /** At least this share of the replies must fit `answer.output.schema`; true: all. */
    strictSchema: shareOrTrue.optional(),
    /** No model may run on another machine. */
    dataMustStay: z.boolean().optional(),
  })
  .refine(
    ({ budgetPerMonth, questionsPerMonth }) =>
      budgetPerMonth === undefined || questionsPerMonth !== undefined,
    {
      path: ['questionsPerMonth'],
      message: 'budgetPerMonth needs it: say how many questions a month',
    },
  );
export type Constraints = z.output<typeof constraintSettings>;

/** An arm of the team's own: one of Tandem's with something changed. */
const addedArm = z
  .strictObject({
    /** Which arm it is but for what follows. */
    like: z.enum(['base', 'rag', 'tuned', 'hybrid']),
    /** For the table's reader. Default: what is changed. */
    description: z.string().min(1).optional(),
    /** Another chat model: its reference, or one of the AI SDK. */
    chat: z
      .union([
        z.string().min(1),
        z.custom<object>(
          (value) => typeof value === 'object' && value !== null && 'doGenerate' in value,
          'must be a model of the AI SDK',
        ),
      ])
      .optional(),
    /** Of tuned and hybrid: another adapter, by its id. */
    adapter: z.string().min(1).optional(),
    /** Of base and rag: a system prompt in place of the one that was chosen. `{styleGuide}`, `{schema}` and `{notInSources}` are filled in. */
    prompt: z.string().min(1).optional(),
    temperature: z.number().min(0).optional(),
    /** Settings of `retrieve` that differ. */
    retrieve: retrieveSettings
      .pick({ mode: true, maxTokens: true, ranking: true })
      .extend({
        // Without their defaults: what is not given is the project's.
        k: retrieveSettings.shape.k.unwrap(),
        neighbours: retrieveSettings.shape.neighbours.unwrap(),
        leastSimilarity: retrieveSettings.shape.leastSimilarity.unwrap(),
        /** A reranking model, by its reference. */
        reranker: z.string().min(1),
      })
      .partial()
      .optional(),
  })
  .superRefine(({ like, prompt, adapter, retrieve }, { addIssue }) => {
    const isTrained = like === 'tuned' || like === 'hybrid';
    const refuse = (member: string, why: string) =>
      addIssue({ code: 'custom', path: [member], message: `an arm like ${like} has none: ${why}` });
    if (prompt !== undefined && isTrained)
      refuse('prompt', 'it is asked as it was trained (answer.tunedSystem)');
    if (adapter !== undefined && !isTrained) refuse('adapter', 'only tuned and hybrid answer with one');
    if (retrieve !== undefined && (like === 'base' || like === 'tuned'))
      refuse('retrieve', 'it is given no passages');
  });
export type AddedArm = z.output<typeof addedArm>;

const armsAlreadyThere = new Set<string>([...armNames, 'rag+glossary', 'extract', 'decline']);

const compareSettings = z
  .strictObject({
    /** Arms of your own beside Tandem's, by name. */
    arms: z
      .record(
        z
          .string()
          .regex(/^[\p{L}\p{N}][\p{L}\p{N} .+_-]*$/u, 'must be letters, digits, spaces and . + _ -')
          .refine((name) => !armsAlreadyThere.has(name), 'is the name of an arm that is there already'),
        addedArm,
      )
      .optional(),
    /**
     * What the share of right refusals (of questions that the sources do not answer) counts for in what a verdict rests on; right answers count for
     * the rest. As few as there are, no such case counts for more than two others.
     */
    unanswerableWeight: z.number().min(0).lt(1).default(0.2),
    /** The smallest difference in right answers that would change your choice: 0.1 is 10 points. */
    worthHaving: z.number().positive().max(1).default(0.1),
    /** With fewer independent groups in both, a comparison does not pass the gate: it could not have shown a regression. */
    leastGroups: z.number().int().min(1).default(20),
    constraints: constraintSettings.optional(),
    /** A JSON file in place of the package's price table (`evaluate/prices/prices.json`); relative to the directory of the parts. */
    prices: z.string().min(1).optional(),
  })
  .prefault({});

/** What of a team's documents is made into questions to train on. */
export const documentQuestionSettings = z.strictObject({
  /** Who asks: the headings above the text, or the chat model, whose questions are grounded, verified and searched for before they are used. */
  questions: z.enum(['headings', 'model']).default('headings'),
  /** At most so many questions of one document. */
  perDocument: z.number().int().min(1).default(5),
  /** Access labels of the documents that may be trained on: whoever asks the model can be told what stands in them. */
  access: z.array(z.string().min(1)).default(['public']),
});

/** How a Tandem works: how documents are cut, passages found, answers given and models trained. Everything has a default. */
export const settingsSchema = z.strictObject({
  chunk: chunkSettings,
  retrieve: retrieveSettings.prefault({}),
  answer: answerSettings,
  dataset: z
    .strictObject({
      mix: mixSettings.optional(),
      /** At most this share of the examples that show passages may say that the answer is not there. */
      mostRefusals: z.number().min(0).max(1).default(0.4),
      /** Questions are also made of the indexed documents. Absent: none are. */
      documents: documentQuestionSettings.optional(),
      /** Answers that people rated up, or corrected, are examples too. */
      feedback: z.boolean().default(false),
    })
    .prefault({}),
  tune: tuneSettings,
  compare: compareSettings,
});

/** What a user writes: everything has a default. */
export type SettingsInput = z.input<typeof settingsSchema>;
/** The same with the defaults filled in. */
export type Settings = z.output<typeof settingsSchema>;
