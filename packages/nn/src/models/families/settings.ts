import { FileFormatError } from '../../errors/file-format-error.ts';
import { UnsupportedModelError } from '../../errors/unsupported-model-error.ts';

/** A model's settings as its file gives them, in either of the two formats. Keys are those of the format. */
export interface ModelSettings {
  readonly format: 'gguf' | 'config.json';
  /** Path of the file, for messages. */
  readonly path: string;
  /**
   * The value as it is in the file; undefined where the key is absent. In GGUF, keys are given without the
   * architecture's prefix.
   */
  value(key: string): unknown;
  /**
   * A number above 0. @throws FileFormatError where there is neither a value nor a fallback, or it is not a number
   * above 0.
   */
  number(key: string, fallback?: number): number;
  /** A boolean; the fallback where there is none. */
  flag(key: string, fallback: boolean): boolean;
  /** `layer_types` of config.json, checked: full or sliding attention. */
  layerTypes(): readonly string[] | undefined;
  hasTensor(name: string): boolean;
  /** Refuses the model if the setting has a value other than null, false, 0 or 1. @throws UnsupportedModelError */
  refuseIfSet(key: string, reason: string): void;
  refuse(feature: string, reason: string): never;
}

/** Which models can be trained: the hint of every refusal. */
export const familiesHint =
  'Choose a model of the families Llama, Mistral, SmolLM 2 or 3, Qwen 2.5 or 3 or Gemma 3, or train elsewhere.';

/** Reads settings from a format's raw values. */
export function createModelSettings(options: {
  format: ModelSettings['format'];
  path: string;
  value: (key: string) => unknown;
  hasTensor: (name: string) => boolean;
}): ModelSettings {
  const { path, format, value, hasTensor } = options;
  const refuse = (feature: string, reason: string): never => {
    throw new UnsupportedModelError({
      feature,
      message: `${path} cannot be trained here: ${reason}.`,
      hint: familiesHint,
    });
  };
  return {
    format,
    path,
    value,
    hasTensor,
    refuse,
    number(key, fallback) {
      const found = value(key) ?? fallback;
      if (typeof found === 'number' && found > 0 && Number.isFinite(found)) return found;
      if (Array.isArray(found)) return refuse(key, `its layers differ in "${key}"`);
      throw new FileFormatError({
        path,
        message: `${path} gives ${found === undefined ? 'no' : 'an impossible'} "${key}"${found === undefined ? '' : ` (${JSON.stringify(found)})`}.`,
        hint: 'The file was converted wrongly or is damaged; fetch it again.',
      });
    },
    flag(key, fallback) {
      const found = value(key);
      return typeof found === 'boolean' ? found : fallback;
    },
    layerTypes() {
      const types = value('layer_types');
      if (!Array.isArray(types)) return undefined;
      const other = types.find((type) => type !== 'full_attention' && type !== 'sliding_attention');
      if (other !== undefined) refuse(`layer type ${other}`, `it has layers of "${other}"`);
      return types as string[];
    },
    refuseIfSet(key, reason) {
      const found = value(key);
      if (found === undefined || found === null || found === false || found === 0 || found === 1) return;
      refuse(`${key} = ${JSON.stringify(found)}`, `${reason} (${key} = ${JSON.stringify(found)})`);
    },
  };
}
