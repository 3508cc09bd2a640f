import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { type GgufFile, openGguf } from '../formats/gguf.ts';
import { type LoraTarget, loraModulePath } from '../train/lora-adapter.ts';

/** The sizes and constants of a Llama-architecture decoder. */
export interface DecoderConfig {
  layers: number;
  /** Size of the residual stream. */
  width: number;
  heads: number;
  keyValueHeads: number;
  headWidth: number;
  feedForwardWidth: number;
  vocabulary: number;
  /** Longest sequence, in tokens. */
  contextLength: number;
  /** Base θ of the rotary frequencies. */
  rotaryBase: number;
  rmsEpsilon: number;
}

/** A decoder's frozen weights in memory, under Hugging Face's names and in its order of rows. */
export interface DecoderModel {
  config: DecoderConfig;
  /** Float32, row-major [out, in]. `lm_head.weight` is absent where it is tied to `model.embed_tokens.weight`. */
  weights: ReadonlyMap<string, Float32Array>;
  /** Divisors of the rotary frequencies, [headWidth / 2] (Llama 3's long-context scaling); absent: all 1. */
  rotaryFactors?: Float32Array;
}

/** What GGUF calls the matrices of a block: `blk.N.<name>.weight`. */
export const ggufNames: Record<LoraTarget, string> = {
  q_proj: 'attn_q',
  k_proj: 'attn_k',
  v_proj: 'attn_v',
  o_proj: 'attn_output',
  gate_proj: 'ffn_gate',
  up_proj: 'ffn_up',
  down_proj: 'ffn_down',
};

/**
 * Reads a Llama-architecture GGUF into float32: the very numbers its quantised blocks stand for, so that an adapter is
 * trained against the model that will be served.
 *
 * @throws UnsupportedModelError where the architecture, a bias or a rotary scaling is not implemented.
 * @throws FileFormatError where the file is damaged or its tensors do not fit its configuration.
 */
export async function loadDecoder(source: GgufFile | string): Promise<DecoderModel> {
  if (typeof source === 'string') {
    await using file = await openGguf(source);
    return await readLlama(file);
  }
  return await readLlama(source);
}

/** The files that make up a model, in a fixed order: what a hash of the model must cover. */
export async function decoderFiles(path: string): Promise<string[]> {
  return [path];
}

async function readLlama(file: GgufFile): Promise<DecoderModel> {
  const config = readConfig(file);
  const { width, headWidth } = config;
  const sizes = decoderLayerSizes(config);
  const names = new Set(file.tensors.map(({ name }) => name));
  const weights = new Map<string, Float32Array>();

  const read = async (ggufName: string, name: string, shape: readonly number[]): Promise<void> => {
    const tensor = file.tensor(ggufName);
    if (tensor.shape.join() !== shape.join()) {
      throw new FileFormatError({
        path: file.path,
        message: `${file.path} has tensor "${ggufName}" of shape [${tensor.shape.join(', ')}] where its configuration asks for [${shape.join(', ')}].`,
        hint: 'The file was converted wrongly or is damaged; fetch it again.',
      });
    }
    weights.set(name, await file.read(ggufName));
  };

  await read('token_embd.weight', 'model.embed_tokens.weight', [config.vocabulary, width]);
  await read('output_norm.weight', 'model.norm.weight', [width]);
  if (names.has('output.weight')) await read('output.weight', 'lm_head.weight', [config.vocabulary, width]);
  for (let layer = 0; layer < config.layers; layer++) {
    const path = `model.layers.${layer}`;
    await read(`blk.${layer}.attn_norm.weight`, `${path}.input_layernorm.weight`, [width]);
    await read(`blk.${layer}.ffn_norm.weight`, `${path}.post_attention_layernorm.weight`, [width]);
    for (const [target, ggufName] of Object.entries(ggufNames) as [LoraTarget, string][]) {
      const { out, in: into } = sizes[target];
      const name = `${loraModulePath(layer, target)}.weight`;
      await read(`blk.${layer}.${ggufName}.weight`, name, [out, into]);
      if (target === 'q_proj' || target === 'k_proj') {
        weights.set(name, rowsFromInterleaved(weights.get(name)!, headWidth, into));
      }
      if (names.has(`blk.${layer}.${ggufName}.bias`)) {
        throw unsupported(file, 'bias', `layer ${layer} has a bias on ${ggufName}`);
      }
    }
  }
  const model: DecoderModel = { config, weights };
  if (names.has('rope_freqs.weight')) model.rotaryFactors = await file.read('rope_freqs.weight');
  return model;
}

/** Rows and columns of each adaptable matrix. */
export function decoderLayerSizes(config: DecoderConfig): Record<LoraTarget, { out: number; in: number }> {
  const { width, feedForwardWidth } = config;
  const queries = config.heads * config.headWidth;
  const keys = config.keyValueHeads * config.headWidth;
  return {
    q_proj: { out: queries, in: width },
    k_proj: { out: keys, in: width },
    v_proj: { out: keys, in: width },
    o_proj: { out: width, in: queries },
    gate_proj: { out: feedForwardWidth, in: width },
    up_proj: { out: feedForwardWidth, in: width },
    down_proj: { out: width, in: feedForwardWidth },
  };
}

/**
 * GGUF stores the rows of a Llama's q and k so that the two numbers a rotation mixes are neighbours (row 2j and 2j + 1
 * of a head); Hugging Face's are half a head apart (rows j and j + headWidth/2). From the first order to the second;
 * `width` is the row's length. Works on lora_b as well, whose rows are the same rows.
 */
export function rowsFromInterleaved(rows: Float32Array, headWidth: number, width: number): Float32Array {
  return reorderRows(rows, headWidth, width, (half, j) => [half * (headWidth / 2) + j, 2 * j + half]);
}

/** The inverse of {@link rowsFromInterleaved}: Hugging Face's order to GGUF's. */
export function rowsToInterleaved(rows: Float32Array, headWidth: number, width: number): Float32Array {
  return reorderRows(rows, headWidth, width, (half, j) => [2 * j + half, half * (headWidth / 2) + j]);
}

function reorderRows(
  rows: Float32Array,
  headWidth: number,
  width: number,
  place: (half: number, j: number) => [to: number, from: number],
): Float32Array {
  const result = new Float32Array(rows.length);
  for (let head = 0; head < rows.length; head += headWidth * width) {
    for (let half = 0; half < 2; half++) {
      for (let j = 0; j < headWidth / 2; j++) {
        const [to, from] = place(half, j);
        const start = head + from * width;
        result.set(rows.subarray(start, start + width), head + to * width);
      }
    }
  }
  return result;
}

function readConfig(file: GgufFile): DecoderConfig {
  const architecture = file.metadata.get('general.architecture');
  if (architecture !== 'llama') {
    throw unsupported(file, `architecture ${architecture}`, `its architecture is "${architecture}"`);
  }
  const scaling = file.metadata.get('llama.rope.scaling.type');
  if (scaling !== undefined && scaling !== 'none') {
    throw unsupported(file, `rope scaling ${scaling}`, `it scales its rotary embedding ("${scaling}")`);
  }
  if (file.metadata.has('llama.expert_count') && file.metadata.get('llama.expert_count') !== 0) {
    throw unsupported(file, 'experts', 'it is a mixture of experts');
  }

  const number = (key: string, fallback?: number): number => {
    const value = file.metadata.get(`llama.${key}`) ?? fallback;
    if (typeof value === 'number' && value > 0) return value;
    throw new FileFormatError({
      path: file.path,
      message: `${file.path} gives ${value === undefined ? 'no' : 'an impossible'} "llama.${key}".`,
      hint: 'The file was converted wrongly or is damaged; fetch it again.',
    });
  };
  const width = number('embedding_length');
  const heads = number('attention.head_count');
  const headWidth = number('attention.key_length', width / heads);
  if (number('rope.dimension_count', headWidth) !== headWidth) {
    throw unsupported(file, 'partial rotary embedding', 'it rotates only a part of each head');
  }
  return {
    layers: number('block_count'),
    width,
    heads,
    keyValueHeads: number('attention.head_count_kv', heads),
    headWidth,
    feedForwardWidth: number('feed_forward_length'),
    vocabulary: file.tensor('token_embd.weight').shape[0]!,
    contextLength: number('context_length'),
    rotaryBase: number('rope.freq_base', 10_000),
    rmsEpsilon: number('attention.layer_norm_rms_epsilon'),
  };
}

function unsupported(file: GgufFile, feature: string, reason: string): UnsupportedModelError {
  return new UnsupportedModelError({
    feature,
    message: `${file.path} cannot be trained here: ${reason}.`,
    hint: 'Choose a model of the plain Llama architecture, such as SmolLM2, or train elsewhere.',
  });
}
