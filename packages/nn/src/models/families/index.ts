/** Which decoders can be trained, and their settings from config.json or GGUF. */
import { UnsupportedModelError } from '../../errors/unsupported-model-error.ts';
import type { GgufFile } from '../../formats/gguf.ts';
import type { DecoderConfig, DecoderFamilyName } from '../decoder-config.ts';
import type { DecoderFamily } from './family.ts';
import { gemma3 } from './gemma3.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { readPlainDecoder } from './plain.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { createModelSettings, familiesHint } from './settings.ts';
import { smollm3 } from './smollm3.ts';

export type { DecoderFamily } from './family.ts';

/** All families, by name. */
export const decoderFamilies: Record<DecoderFamilyName, DecoderFamily> = {
  llama,
  mistral,
  smollm3,
  qwen2,
  qwen3,
  gemma3,
};

const activationNames = { silu: 'silu', 'gelu-tanh': 'gelu_pytorch_tanh' } as const;

/**
 * A decoder's settings from the content of its config.json.
 * @param path of the file, for messages.
 * @throws UnsupportedModelError for a family or setting that is not implemented, FileFormatError for an impossible
 *   setting.
 */
export function readConfigJson(json: unknown, path: string): DecoderConfig {
  const values = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  const type = values.model_type;
  const family = Object.values(decoderFamilies).find(({ modelType }) => modelType === type);
  if (!family) throw unknownFamily(path, 'model_type', type);
  const settings = createModelSettings({
    format: 'config.json',
    path,
    value: (key) => values[key],
    hasTensor: () => false,
  });
  const plain = readPlainDecoder(family, settings, {
    vocabulary: settings.number('vocab_size', family.defaults?.vocab_size),
  });
  const config = { ...plain, ...family.differences(settings, plain) };
  const activation = values.hidden_activation ?? values.hidden_act ?? activationNames[config.activation];
  if (activation !== activationNames[config.activation]) {
    settings.refuse(`activation ${activation}`, `its activation is "${activation}"`);
  }
  return config;
}

/**
 * A decoder's settings from a GGUF file.
 * @throws UnsupportedModelError for a family or setting that is not implemented, FileFormatError for an impossible
 *   setting.
 */
export async function readConfigFromGguf(file: GgufFile): Promise<DecoderConfig> {
  const architecture = file.metadata.get('general.architecture');
  const family = Object.values(decoderFamilies).find(({ gguf }) => gguf.architecture === architecture);
  if (!family) throw unknownFamily(file.path, 'architecture', architecture);
  const names = new Set(file.tensors.map(({ name }) => name));
  const settings = createModelSettings({
    format: 'gguf',
    path: file.path,
    value: (key) => file.metadata.get(`${architecture}.${key}`),
    hasTensor: (name) => names.has(name),
  });
  const plain = readPlainDecoder(family, settings, {
    vocabulary: file.tensor('token_embd.weight').shape[0]!,
    ...(names.has('rope_freqs.weight') && { rotaryFactors: [...(await file.read('rope_freqs.weight'))] }),
  });
  return { ...plain, ...family.differences(settings, plain) };
}

function unknownFamily(path: string, what: string, name: unknown): UnsupportedModelError {
  return new UnsupportedModelError({
    feature: `${what} ${name}`,
    message:
      name === undefined
        ? `${path} cannot be trained here: it does not say which ${what} it has.`
        : `${path} cannot be trained here: its ${what} is "${name}".`,
    hint: familiesHint,
  });
}
