import path from 'node:path';
import { FileFormatError } from '../errors/file-format-error.ts';
import { readJsonFile, readJsonFileIfPresent } from '../formats/json-file.ts';
import { asObject, positiveNumbers, requireOneOf } from './config-values.ts';

/** What sentence-transformers does with an encoder's hidden states. */
export interface SentenceModules {
  pooling: 'mean' | 'cls';
  /** Linear layers after the pooling, in order. */
  dense: DenseModule[];
  /** Whether embeddings are scaled to unit length. */
  normalize: boolean;
}

/** A linear layer with an activation, in a folder of its own. */
export interface DenseModule {
  directory: string;
  in: number;
  out: number;
  bias: boolean;
  activation: 'identity' | 'tanh';
}

/**
 * Reads `modules.json` and the folders that it names. A folder without it is read as sentence-transformers does: a plain encoder with
 * mean pooling and no normalisation.
 */
export async function readSentenceModules(directory: string): Promise<SentenceModules> {
  const file = path.join(directory, 'modules.json');
  const modules = await readJsonFileIfPresent(file);
  const read: SentenceModules = { pooling: 'mean', dense: [], normalize: false };
  if (modules === undefined) return read;
  if (!Array.isArray(modules)) {
    throw new FileFormatError({
      path: file,
      message: `${file} is not a list of modules.`,
      hint: 'Fetch the model again.',
    });
  }
  for (const module of modules) {
    const { type, path: folder = '' } = asObject(module, file);
    const kind = String(type).split('.').at(-1);
    requireOneOf(file, 'module', kind, ['Transformer', 'Pooling', 'Dense', 'Normalize']);
    const of = path.join(directory, String(folder));
    if (kind === 'Normalize') read.normalize = true;
    if (kind === 'Pooling') read.pooling = await readPooling(path.join(of, 'config.json'));
    if (kind === 'Dense') read.dense.push(await readDense(of));
  }
  return read;
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
  // Without the prompt's tokens in the mean, a text's vector would depend on where its prompt ends.
  requireOneOf(file, 'include_prompt', config.include_prompt ?? true, [true]);
  return mode as 'mean' | 'cls';
}

async function readDense(directory: string): Promise<DenseModule> {
  const file = path.join(directory, 'config.json');
  const config = asObject(await readJsonFile(file), file);
  const number = positiveNumbers(config, file);
  const activation = String(config.activation_function ?? 'Tanh')
    .split('.')
    .at(-1)!
    .toLowerCase();
  requireOneOf(file, 'activation_function', activation, ['identity', 'tanh']);
  return {
    directory,
    in: number('in_features'),
    out: number('out_features'),
    bias: config.bias !== false,
    activation: activation as DenseModule['activation'],
  };
}

/** The longest input in tokens, special tokens included, as the folder says; `otherwise` where it is silent. */
export async function readMaxTokens(directory: string, otherwise: number): Promise<number> {
  for (const [name, key] of [
    ['sentence_bert_config.json', 'max_seq_length'],
    ['tokenizer_config.json', 'model_max_length'],
  ] as const) {
    const file = path.join(directory, name);
    const json = await readJsonFileIfPresent(file);
    const value = json === undefined ? undefined : asObject(json, file)[key];
    if (typeof value === 'number' && value > 2) return Math.min(value, otherwise);
  }
  return otherwise;
}
