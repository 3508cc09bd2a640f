/** Writes a trained BERT as a folder that sentence-transformers loads. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sha256OfFile } from '../formats/file-hash.ts';
import { readJsonFile, readJsonFileIfPresent } from '../formats/json-file.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import type { BertModel } from './bert-weights.ts';
import { type EncoderCard, exportEncoderCard } from './encoder-card.ts';

/** How the model was trained, for its card. */
export interface TrainingSummary {
  pairs: readonly object[];
  validationPairs?: number | undefined;
  hyperparameters: object;
  metrics: EncoderCard['metrics'];
}

/**
 * Writes an embedder: `model.safetensors` (float32), `config.json`, the tokenizer's files as they are in `from`,
 * `modules.json` with `1_Pooling` and `2_Normalize` as the model has them, and a model card. The folder appears
 * complete or not at all.
 * @throws FileWriteError when the weights or the card cannot be written.
 */
export async function saveEmbedder(
  model: BertModel,
  { from, to, made }: { from: string; to: string; made: TrainingSummary },
): Promise<void> {
  await writeFolderAtomically(to, async (folder) => {
    const kept = [...model.weights.keys()].filter((name) => !name.startsWith('classifier.'));
    await writeWeights(model, kept, folder, '');
    await writeConfig(from, folder, { architectures: ['BertModel'] });
    const { settings } = model;
    const modules = ['Transformer', 'Pooling', ...(settings.normalize ? ['Normalize'] : [])];
    const folders = ['', '1_Pooling', '2_Normalize'];
    await writeJson(
      path.join(folder, 'modules.json'),
      modules.map((module, idx) => ({
        idx,
        name: String(idx),
        path: folders[idx],
        type: `sentence_transformers.models.${module}`,
      })),
    );
    await mkdir(path.join(folder, '1_Pooling'));
    await writeJson(path.join(folder, '1_Pooling/config.json'), {
      word_embedding_dimension: settings.hiddenSize,
      pooling_mode_cls_token: settings.pooling === 'cls',
      pooling_mode_mean_tokens: settings.pooling === 'mean',
      pooling_mode_max_tokens: false,
      pooling_mode_mean_sqrt_len_tokens: false,
    });
    if (settings.normalize) await mkdir(path.join(folder, '2_Normalize'));
    await writeJson(path.join(folder, 'sentence_bert_config.json'), {
      max_seq_length: settings.maxTokens,
      do_lower_case: false,
    });
    await writeCard(folder, from, to, 'sentence-similarity', made);
  });
}

/**
 * Writes a cross-encoder: a `BertForSequenceClassification` with one label, whose encoder's tensors have the prefix
 * "bert.".
 * @param options.maxTokens the longest pair
 */
export async function saveCrossEncoder(
  model: BertModel,
  { from, to, maxTokens, made }: { from: string; to: string; maxTokens: number; made: TrainingSummary },
): Promise<void> {
  const activation = 'torch.nn.modules.activation.Sigmoid';
  await writeFolderAtomically(to, async (folder) => {
    await writeWeights(model, [...model.weights.keys()], folder, 'bert.');
    await writeConfig(from, folder, {
      architectures: ['BertForSequenceClassification'],
      num_labels: 1,
      id2label: { 0: 'LABEL_0' },
      label2id: { LABEL_0: 0 },
      sentence_transformers: { activation_fn: activation },
    });
    // A cross-encoder's limit is in its tokenizer's configuration; an embedder's, for one text, would be too short for
    // two.
    const tokenizer = (await readJsonFileIfPresent(path.join(from, 'tokenizer_config.json'))) ?? {};
    await writeJson(path.join(folder, 'tokenizer_config.json'), {
      ...tokenizer,
      model_max_length: maxTokens,
    });
    await writeCard(folder, from, to, 'text-ranking', made);
  });
}

async function writeWeights(
  { weights, shapes }: BertModel,
  names: readonly string[],
  folder: string,
  prefix: string,
): Promise<void> {
  await writeSafetensors(
    path.join(folder, 'model.safetensors'),
    names.map((name) => ({
      name: name.startsWith('classifier.') ? name : prefix + name,
      dtype: 'F32' as const,
      shape: shapes.get(name)!,
      data: weights.get(name)!,
    })),
    { format: 'pt' },
  );
}

/** Writes `config.json` with changes, and copies the tokenizer's files. */
async function writeConfig(from: string, to: string, changes: object): Promise<void> {
  const { torch_dtype: _, ...config } = (await readJsonFile(path.join(from, 'config.json'))) as Record<
    string,
    unknown
  >;
  await writeJson(path.join(to, 'config.json'), { ...config, ...changes, dtype: 'float32' });
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'vocab.txt']) {
    await copyFile(path.join(from, name), path.join(to, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

async function writeCard(
  folder: string,
  from: string,
  to: string,
  task: EncoderCard['task'],
  made: TrainingSummary,
): Promise<void> {
  const { pairs, validationPairs, metrics } = made;
  const hash = createHash('sha256');
  for (const pair of pairs) hash.update(`${JSON.stringify(pair)}\n`);
  await exportEncoderCard(folder, {
    title: path.basename(to),
    task,
    base: {
      name: path.basename(path.resolve(from)),
      sha256: await sha256OfFile(path.join(from, 'model.safetensors')),
    },
    data: {
      pairs: pairs.length,
      sha256: hash.digest('hex'),
      ...(validationPairs !== undefined && { validationPairs }),
    },
    hyperparameters: relevantSettings(made.hyperparameters),
    metrics,
  });
}

/**
 * The settings without those that had no effect: rank and alpha matter only for LoRA, products only where all weights
 * are trained.
 */
export function relevantSettings(settings: object): Record<string, unknown> {
  const { rank, alpha, products, ...rest } = settings as Record<string, unknown>;
  return rest.method === 'lora' ? { ...rest, rank, alpha } : { ...rest, products };
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Fills a folder with a temporary name beside `to`, then renames it. */
async function writeFolderAtomically(to: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const temporary = path.join(path.dirname(to), `.${path.basename(to)}.${process.pid}.tmp`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    await fill(temporary);
    await rename(temporary, to);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}
