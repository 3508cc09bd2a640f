import type { DecoderConfig, DecoderFamilyName } from '../decoder-config.ts';
import type { ModelSettings } from './settings.ts';

/** How one family of decoders differs from a plain Llama. */
export interface DecoderFamily {
  name: DecoderFamilyName;
  /** Its `model_type` in config.json. */
  modelType: string;
  /** Its `general.architecture` in GGUF, and the order of the rows of q and k there. */
  gguf: {
    architecture: string;
    /**
     * `interleaved`: the two rows that a rotation mixes are neighbours. `halves`: they are half a head apart, as in
     * safetensors.
     */
    rotaryRows: 'interleaved' | 'halves';
  };
  /** Transformers' defaults for settings that config.json leaves out, where they differ from a Llama's. */
  defaults?: Readonly<Record<string, number>>;
  /** In safetensors, the gains of norms are stored less 1. (GGUF holds the gains themselves.) */
  gainsLessOne?: boolean;
  /**
   * The settings that differ from a plain Llama's.
   * @throws UnsupportedModelError for a setting that is not implemented, FileFormatError for an impossible one.
   */
  differences(settings: ModelSettings, plain: DecoderConfig): Partial<DecoderConfig>;
}
