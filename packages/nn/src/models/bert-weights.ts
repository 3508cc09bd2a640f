import path from 'node:path';
import { FileFormatError } from '../errors/file-format-error.ts';
import { SafetensorsFile } from '../formats/safetensors.ts';
import { type BertSettings, readBertSettings } from './bert-settings.ts';
import { requireOneOf } from './config-values.ts';
import { WordPieceTokenizer } from './wordpiece.ts';

/** A BERT in memory, for training. */
export interface BertModel {
  settings: BertSettings;
  /**
   * By Hugging Face's names inside `BertModel` ("encoder.layer.0.intermediate.dense.weight"), row-major, linear weights
   * [out, in]; a cross-encoder's head as "classifier.weight" and "classifier.bias".
   */
  weights: Map<string, Float32Array>;
  shapes: Map<string, readonly number[]>;
  tokenizer: WordPieceTokenizer;
}

/**
 * Reads a folder's `config.json`, `model.safetensors` and `tokenizer.json` (F16 and BF16 weights are converted to
 * float32).
 * @throws FileFormatError for missing or damaged files, UnsupportedModelError for a model that is not a BERT.
 */
export async function loadBertModel(directory: string): Promise<BertModel> {
  const settings = await readBertSettings(directory);
  refuseDense(settings, directory);
  const tokenizer = await WordPieceTokenizer.load(path.join(directory, 'tokenizer.json'));
  await using file = await SafetensorsFile.open(path.join(directory, 'model.safetensors'));
  const weights: BertModel['weights'] = new Map();
  const shapes: BertModel['shapes'] = new Map();
  for (const tensor of file.tensors.values()) {
    // Skipped: position numbers, which some files hold as integers, and heads that are not used here.
    const name = tensor.name.replace(/^bert\./, '');
    if (!/^(embeddings|encoder|pooler|classifier)\./.test(name) || /^[IUB]/.test(tensor.dtype)) continue;
    // A copy: what the reader gives may be a view into a larger buffer, and a training writes here.
    weights.set(name, Float32Array.from(await file.read(tensor.name)));
    shapes.set(name, tensor.shape);
  }
  for (const [name, shape] of bertShapes(settings)) {
    const found = shapes.get(name);
    if (found?.join() === shape.join()) continue;
    throw new FileFormatError({
      path: file.path,
      message: found
        ? `Tensor "${name}" in ${file.path} has the shape [${found}] where config.json asks for [${shape}].`
        : `${file.path} has no tensor "${name}", which config.json asks for.`,
      hint: 'The folder mixes files of different models; fetch the model again.',
    });
  }
  return { settings, weights, shapes, tokenizer };
}

function refuseDense({ dense }: BertSettings, directory: string): void {
  if (dense.length > 0)
    requireOneOf(path.join(directory, 'modules.json'), 'module', 'Dense', [
      'Transformer',
      'Pooling',
      'Normalize',
    ]);
}

/** The linear layers of a block, as `<layer path>.<name>`, with the sizes of their weights. */
export function bertLinears(settings: BertSettings): Map<string, readonly [out: number, into: number]> {
  const { hiddenSize, intermediateSize, layers } = settings;
  const linears = new Map<string, readonly [number, number]>();
  for (let layer = 0; layer < layers; layer++) {
    const block = `encoder.layer.${layer}`;
    for (const part of ['query', 'key', 'value'])
      linears.set(`${block}.attention.self.${part}`, [hiddenSize, hiddenSize]);
    linears.set(`${block}.attention.output.dense`, [hiddenSize, hiddenSize]);
    linears.set(`${block}.intermediate.dense`, [intermediateSize, hiddenSize]);
    linears.set(`${block}.output.dense`, [hiddenSize, intermediateSize]);
  }
  return linears;
}

/** The tensors that every BERT encoder has. */
export function bertShapes(settings: BertSettings): Map<string, readonly number[]> {
  const { hiddenSize, vocabularySize, positions, tokenTypes, layers } = settings;
  const shapes = new Map<string, readonly number[]>([
    ['embeddings.word_embeddings.weight', [vocabularySize, hiddenSize]],
    ['embeddings.position_embeddings.weight', [positions, hiddenSize]],
    ['embeddings.token_type_embeddings.weight', [tokenTypes, hiddenSize]],
  ]);
  for (const [name, [out, into]] of bertLinears(settings))
    shapes.set(`${name}.weight`, [out, into]).set(`${name}.bias`, [out]);
  const norms = ['embeddings.LayerNorm'];
  for (let layer = 0; layer < layers; layer++) {
    norms.push(
      `encoder.layer.${layer}.attention.output.LayerNorm`,
      `encoder.layer.${layer}.output.LayerNorm`,
    );
  }
  for (const norm of norms) shapes.set(`${norm}.weight`, [hiddenSize]).set(`${norm}.bias`, [hiddenSize]);
  return shapes;
}
