import { resolve } from 'node:path';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { embedders } from './registry/embedders.ts';
import { gemma } from './registry/gemma.ts';
import type { KnownModel, ModelFile, ModelKind } from './registry/known-model.ts';
import { llama } from './registry/llama.ts';
import { qwen } from './registry/qwen.ts';
import { qwenCoder } from './registry/qwen-coder.ts';
import { rerankers } from './registry/rerankers.ts';
import { smolLM } from './registry/smollm.ts';

export type { KnownModel, ModelFile, ModelKind, ModelPart, ModelSpeed } from './registry/known-model.ts';

const bySize = (a: KnownModel, b: KnownModel) => a.parameters - b.parameters;

/** Models that can be named as `local:NAME`: chat models, smallest first, then embedders and rerankers. */
export const knownModels: readonly KnownModel[] = [
  ...[...smolLM, ...qwen, ...qwenCoder, ...gemma, ...llama].sort(bySize),
  ...[...embedders].sort(bySize),
  ...rerankers,
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
      kind: ModelKind;
      files: readonly ModelFile[];
      hub: KnownModel['hub'];
      package?: KnownModel['package'];
      parts?: KnownModel['parts'];
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
      ...(known.parts && { parts: known.parts }),
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
