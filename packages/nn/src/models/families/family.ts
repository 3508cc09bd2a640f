import type { DecoderConfig, DecoderFamilyName } from '../decoder-config.ts';
import type { ModelSettings } from './settings.ts';

/** What one family of decoders has that a plain Llama has not. */
export interface DecoderFamily {
  name: DecoderFamilyName;
  /** Its `model_type` in config.json. */
  modelType: string;
  /** Its `general.architecture` in GGUF, and how the rows of q and k lie there. */
  gguf: {
    architecture: string;
    /** `interleaved`: the two rows that a rotation mixes are neighbours; `halves`: half a head apart, as in safetensors. */
    rotaryRows: 'interleaved' | 'halves';
  };
  /** What Transformers assumes where its config.json says nothing, if it differs from a Llama. */
  defaults?: Readonly<Record<string, number>>;
  /** Safetensors hold gains less 1. (GGUF holds what is multiplied with.) */
  gainsLessOne?: boolean;
  /**
   * Its settings where they differ from a plain Llama's.
   * @throws UnsupportedModelError for a setting that is not implemented, FileFormatError for one that makes no sense.
   */
  differences(settings: ModelSettings, plain: DecoderConfig): Partial<DecoderConfig>;
}
