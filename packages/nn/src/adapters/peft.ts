import { join } from 'node:path';
import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { makeFolder, writeFileAtomically } from '../formats/atomic-write.ts';
import { readJsonFile } from '../formats/json-file.ts';
import { SafetensorsFile, type SafetensorsInput, writeSafetensors } from '../formats/safetensors.ts';
import {
  type AdapterLineage,
  type LoraAdapter,
  type LoraTarget,
  loraTargets,
} from '../models/lora-adapter.ts';
import { requireSameLineage } from './adapter-fit.ts';
import { formatLineage, readLineage } from './lineage-metadata.ts';

const weightsName = 'adapter_model.safetensors';
const configName = 'adapter_config.json';

/**
 * Writes an adapter as Hugging Face PEFT saves one: `adapter_model.safetensors` and `adapter_config.json`, to be loaded
 * with `PeftModel.from_pretrained(base, directory)` (peft `src/peft/utils/save_and_load.py`, `tuners/lora/config.py`).
 * The folder is made where it does not exist; each file is written atomically, the config last.
 *
 * @param options.baseModel what PEFT is to call the base: a Hub name or a path.
 * @param options.lineage what is known of the base: compared with the adapter's own lineage, and written with it to the
 *   safetensors header (`tandem.base.architecture`, `tandem.base.sha256`, `tandem.template.sha256`).
 * @param options.metadata further strings for that header.
 * @throws UnsupportedModelError when the lineage differs from the adapter's; FileWriteError when the files cannot be
 *   written.
 */
export async function exportPeft(
  adapter: LoraAdapter,
  directory: string,
  options: { baseModel: string; lineage?: AdapterLineage; metadata?: Record<string, string> },
): Promise<void> {
  const { rank, alpha } = adapter;
  requireSameLineage(adapter.lineage ?? {}, options.lineage ?? {}, options.baseModel);
  const lineage = formatLineage({ ...adapter.lineage, ...options.lineage });
  await makeFolder(directory);
  const tensors = [...adapter.tensors].flatMap(([path, { a, b }]): SafetensorsInput[] => [
    { name: `base_model.model.${path}.lora_A.weight`, dtype: 'F32', shape: [rank, a.length / rank], data: a },
    { name: `base_model.model.${path}.lora_B.weight`, dtype: 'F32', shape: [b.length / rank, rank], data: b },
  ]);
  await writeSafetensors(join(directory, weightsName), tensors, {
    format: 'pt',
    ...lineage,
    ...options.metadata,
  });
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: options.baseModel,
    revision: null,
    inference_mode: true,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: 0,
    target_modules: adapter.targetModules,
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    modules_to_save: null,
    layers_to_transform: null,
    layers_pattern: null,
    rank_pattern: {},
    alpha_pattern: {},
    use_rslora: false,
    use_dora: false,
  };
  await writeFileAtomically(join(directory, configName), [
    Buffer.from(`${JSON.stringify(config, null, 2)}\n`, 'utf8'),
  ]);
}

/**
 * Reads an adapter that PEFT, or {@link exportPeft}, saved, with its lineage where the file has one. Float16 and
 * bfloat16 are converted to float32.
 *
 * @throws FileFormatError for missing or damaged files; UnsupportedModelError for anything beyond plain LoRA of one
 *   rank on a decoder's projections (DoRA, rank-stabilised scaling, trained biases or whole modules, different ranks).
 */
export async function importPeft(directory: string): Promise<LoraAdapter> {
  const configPath = join(directory, configName);
  const { rank, alpha } = readConfig(await readJsonFile(configPath), configPath);
  await using file = await SafetensorsFile.open(join(directory, weightsName));

  const tensors: LoraAdapter['tensors'] = new Map();
  const targets = new Set<LoraTarget>();
  for (const name of file.tensors.keys()) {
    const match =
      /^base_model\.model\.(model\.layers\.\d+\.(?:self_attn|mlp)\.(\w+))\.lora_([AB])\.weight$/.exec(name);
    const [, path, target, side] = match ?? [];
    if (!path || !loraTargets.includes(target as LoraTarget)) {
      throw new UnsupportedModelError({
        feature: name,
        message: `${file.path} has the tensor "${name}", which is no LoRA matrix of a decoder's projections.`,
        hint: `Adapt only ${loraTargets.join(', ')}.`,
      });
    }
    targets.add(target as LoraTarget);
    const pair = tensors.get(path) ?? { a: new Float32Array(0), b: new Float32Array(0) };
    const { shape } = file.tensors.get(name)!;
    if (shape.length !== 2 || shape[side === 'A' ? 0 : 1] !== rank) {
      throw new FileFormatError({
        path: file.path,
        message: `Tensor "${name}" in ${file.path} has the shape [${shape}], and ${configName} says rank ${rank}.`,
        hint: 'The folder mixes files of two adapters; export it again.',
      });
    }
    if (side === 'A') pair.a = await file.read(name);
    else pair.b = await file.read(name);
    tensors.set(path, pair);
  }
  for (const [path, { a, b }] of tensors) {
    if (a.length === 0 || b.length === 0) {
      throw new FileFormatError({
        path: file.path,
        message: `${file.path} has only one of the two matrices of "${path}".`,
        hint: 'Export the adapter again.',
      });
    }
  }
  if (tensors.size === 0) {
    throw new FileFormatError({
      path: file.path,
      message: `${file.path} holds no LoRA matrices.`,
      hint: 'Export the adapter again.',
    });
  }
  const lineage = readLineage((key) => file.metadata[key]);
  const targetModules = loraTargets.filter((target) => targets.has(target));
  return { rank, alpha, targetModules, tensors, ...(lineage && { lineage }) };
}

function readConfig(json: unknown, path: string): { rank: number; alpha: number } {
  const config = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  const { r: rank, lora_alpha: alpha } = config;
  if (typeof rank !== 'number' || !Number.isInteger(rank) || rank < 1 || typeof alpha !== 'number') {
    throw new FileFormatError({
      path,
      message: `${path} gives no rank (r) and lora_alpha.`,
      hint: 'Check that the folder holds a LoRA adapter saved by PEFT.',
    });
  }
  const isSet = (value: unknown) =>
    value !== undefined &&
    value !== null &&
    value !== false &&
    (typeof value !== 'object' || Object.keys(value).length > 0);
  const beyond = [
    ['peft_type', config.peft_type !== 'LORA'],
    ['bias', (config.bias ?? 'none') !== 'none'],
    ...[
      'use_dora',
      'use_rslora',
      'rank_pattern',
      'alpha_pattern',
      'modules_to_save',
      'fan_in_fan_out',
      'lora_bias',
      'use_qalora',
      'use_bdlora',
      'layer_replication',
      'target_parameters',
      'trainable_token_indices',
    ].map((key) => [key, isSet(config[key])] as const),
  ] as const;
  const found = beyond.find(([, present]) => present)?.[0];
  if (found) {
    throw new UnsupportedModelError({
      feature: found,
      message: `${path} has ${found} = ${JSON.stringify(config[found])}, and only plain LoRA is supported.`,
      hint: 'Merge it into the base model, or train a plain LoRA adapter.',
    });
  }
  return { rank, alpha };
}
