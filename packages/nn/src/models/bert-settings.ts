import path from 'node:path';
import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { readJsonFile, readJsonFileIfPresent } from '../formats/json-file.ts';

/** The settings of a BERT encoder, from its folder. */
export interface BertSettings {
  hiddenSize: number;
  layers: number;
  heads: number;
  intermediateSize: number;
  vocabularySize: number;
  positions: number;
  tokenTypes: number;
  /** Added to the variance in every LayerNorm. */
  epsilon: number;
  /** The longest input, special tokens included. */
  maxTokens: number;
  pooling: 'mean' | 'cls';
  /** Whether embeddings are scaled to unit length. */
  normalize: boolean;
}

/**
 * Reads `config.json` and the files that sentence-transformers puts beside it. A folder without `modules.json` is read
 * as that library does: a plain encoder with mean pooling and no normalisation.
 *
 * @throws FileFormatError for missing or damaged files, UnsupportedModelError for a model that is not a plain BERT.
 */
export async function readBertSettings(directory: string): Promise<BertSettings> {
  const file = path.join(directory, 'config.json');
  const config = asObject(await readJsonFile(file), file);
  const number = (key: string, fallback?: number): number => {
    const value = config[key] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw new FileFormatError({
      path: file,
      message: `${file} gives ${key} as ${JSON.stringify(value)}, and a positive number is needed.`,
      hint: 'Fetch the model again.',
    });
  };
  requireOneOf(file, 'model_type', config.model_type, ['bert']);
  requireOneOf(file, 'hidden_act', config.hidden_act ?? 'gelu', ['gelu']);
  requireOneOf(file, 'position_embedding_type', config.position_embedding_type ?? 'absolute', ['absolute']);

  const positions = number('max_position_embeddings', 512);
  return {
    hiddenSize: number('hidden_size'),
    layers: number('num_hidden_layers'),
    heads: number('num_attention_heads'),
    intermediateSize: number('intermediate_size'),
    vocabularySize: number('vocab_size'),
    positions,
    tokenTypes: number('type_vocab_size', 2),
    epsilon: number('layer_norm_eps', 1e-12),
    ...(await readModules(directory)),
    maxTokens: Math.min(positions, await readMaxTokens(directory, positions)),
  };
}

async function readModules(directory: string): Promise<{ pooling: 'mean' | 'cls'; normalize: boolean }> {
  const file = path.join(directory, 'modules.json');
  const modules = await readJsonFileIfPresent(file);
  if (modules === undefined) return { pooling: 'mean', normalize: false };
  if (!Array.isArray(modules)) {
    throw new FileFormatError({
      path: file,
      message: `${file} is not a list of modules.`,
      hint: 'Fetch the model again.',
    });
  }
  let pooling: 'mean' | 'cls' = 'mean';
  let normalize = false;
  for (const module of modules) {
    const { type, path: folder = '' } = asObject(module, file);
    const kind = String(type).split('.').at(-1);
    requireOneOf(file, 'module', kind, ['Transformer', 'Pooling', 'Normalize']);
    if (kind === 'Normalize') normalize = true;
    if (kind === 'Pooling') pooling = await readPooling(path.join(directory, String(folder), 'config.json'));
  }
  return { pooling, normalize };
}

async function readPooling(file: string): Promise<'mean' | 'cls'> {
  const config = asObject(await readJsonFile(file), file);
  // Newer files name the mode, older ones have a flag for each.
  const mode =
    config.pooling_mode ??
    Object.keys(config)
      .filter((key) => key.startsWith('pooling_mode_') && config[key] === true)
      .map((key) => key.replace(/^pooling_mode_|_tokens?$/g, ''))
      .join('+');
  requireOneOf(file, 'pooling_mode', mode, ['mean', 'cls']);
  return mode as 'mean' | 'cls';
}

async function readMaxTokens(directory: string, otherwise: number): Promise<number> {
  for (const [name, key] of [
    ['sentence_bert_config.json', 'max_seq_length'],
    ['tokenizer_config.json', 'model_max_length'],
  ] as const) {
    const file = path.join(directory, name);
    const json = await readJsonFileIfPresent(file);
    const value = json === undefined ? undefined : asObject(json, file)[key];
    if (typeof value === 'number' && value > 2) return value;
  }
  return otherwise;
}

function requireOneOf(file: string, key: string, value: unknown, supported: readonly string[]): void {
  if (supported.includes(value as string)) return;
  throw new UnsupportedModelError({
    feature: `${key} = ${value}`,
    message: `${file} asks for ${key} = ${JSON.stringify(value)}, and only ${supported.join(', ')} is supported.`,
    hint: 'Use a BERT sentence embedder such as all-MiniLM-L6-v2.',
  });
}

function asObject(json: unknown, file: string): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>;
  throw new FileFormatError({
    path: file,
    message: `${file} does not hold a JSON object.`,
    hint: 'Fetch the model again.',
  });
}
