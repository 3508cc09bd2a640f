import path from 'node:path';
import { FileFormatError } from '../errors/file-format-error.ts';
import { readJsonFile } from '../formats/json-file.ts';
import { asObject, positiveNumbers, requireOneOf } from './config-values.ts';
import { readMaxTokens, readSentenceModules, type SentenceModules } from './sentence-modules.ts';

/** The settings of a ModernBERT encoder (Warner et al. 2024), from its folder. */
export interface ModernBertSettings extends SentenceModules {
  hiddenSize: number;
  heads: number;
  intermediateSize: number;
  vocabularySize: number;
  epsilon: number;
  /** One a layer, in order. */
  layers: {
    /** How many tokens to either side a token sees; undefined: all. */
    reach: number | undefined;
    /** Base of the rotary frequencies. */
    theta: number;
  }[];
  maxTokens: number;
}

/**
 * Reads `config.json`, as transformers wrote it before and since version 5, and the files of sentence-transformers beside it.
 * @throws FileFormatError for missing or damaged files, UnsupportedModelError for what no published ModernBERT has: biases, other
 *   activations, stretched rotary positions.
 */
export async function readModernBertSettings(directory: string): Promise<ModernBertSettings> {
  const file = path.join(directory, 'config.json');
  const config = asObject(await readJsonFile(file), file);
  const number = positiveNumbers(config, file);
  requireOneOf(file, 'model_type', config.model_type, ['modernbert']);
  requireOneOf(file, 'hidden_activation', config.hidden_activation ?? 'gelu', ['gelu']);
  for (const key of ['attention_bias', 'mlp_bias', 'norm_bias'])
    requireOneOf(file, key, config[key] ?? false, [false]);

  const every = number('global_attn_every_n_layers', 3);
  const count = number('num_hidden_layers');
  const reach = Math.floor(number('local_attention', 128) / 2);
  const types = config.layer_types ?? Array.from({ length: count }, (_, at) => typeOfLayer(at, every));
  if (!Array.isArray(types) || types.length !== count) {
    throw new FileFormatError({
      path: file,
      message: `${file} has ${count} layers and gives the types of ${Array.isArray(types) ? types.length : 'none'}.`,
      hint: 'Fetch the model again.',
    });
  }
  const theta = {
    full_attention: thetaOf(config, file, 'full_attention') ?? number('global_rope_theta', 160_000),
    sliding_attention: thetaOf(config, file, 'sliding_attention') ?? number('local_rope_theta', 10_000),
  };
  return {
    hiddenSize: number('hidden_size'),
    heads: number('num_attention_heads'),
    intermediateSize: number('intermediate_size'),
    vocabularySize: number('vocab_size'),
    epsilon: number('norm_eps', 1e-5),
    layers: types.map((type) => {
      requireOneOf(file, 'layer_types', type, ['full_attention', 'sliding_attention']);
      return type === 'full_attention'
        ? { reach: undefined, theta: theta.full_attention }
        : { reach, theta: theta.sliding_attention };
    }),
    ...(await readSentenceModules(directory)),
    maxTokens: await readMaxTokens(directory, number('max_position_embeddings', 8192)),
  };
}

const typeOfLayer = (at: number, every: number) =>
  at % every === 0 ? 'full_attention' : 'sliding_attention';

/** Since version 5 of transformers, `rope_parameters` has them for each type of layer. */
function thetaOf(config: Record<string, unknown>, file: string, type: string): number | undefined {
  if (config.rope_parameters === undefined || config.rope_parameters === null) return undefined;
  const given = asObject(config.rope_parameters, file)[type];
  if (given === undefined || given === null) return undefined;
  const parameters = asObject(given, file);
  requireOneOf(file, 'rope_type', parameters.rope_type ?? 'default', ['default']);
  return positiveNumbers(parameters, file)('rope_theta');
}
