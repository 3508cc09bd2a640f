/** The projections of a decoder's block that LoRA may adapt, under Hugging Face's names. */
export const loraTargets = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const;
/** One of the seven projections of a block. */
export type LoraTarget = (typeof loraTargets)[number];

/**
 * A trained low-rank adapter (Hu et al. 2021): each adapted matrix W becomes W + (alpha / rank) · B · A.
 * Rows and columns are in Hugging Face's order (for q and k: two-halves rotary form, not GGUF's interleaved rows).
 */
export interface LoraAdapter {
  rank: number;
  alpha: number;
  targetModules: LoraTarget[];
  /** By Hugging Face module path, such as `model.layers.0.self_attn.q_proj` or `model.layers.0.mlp.up_proj`. */
  tensors: Map<string, LoraPair>;
  /**
   * The base that it was trained for, as far as that is known. The files keep it, and it is compared before the adapter
   * is used.
   */
  lineage?: AdapterLineage;
}

/**
 * Which model an adapter belongs to. Two models may have the same shapes, and then only the lineage tells their
 * adapters apart.
 */
export interface AdapterLineage {
  /** What GGUF calls the base's architecture, such as `llama` or `qwen3`. */
  architecture?: string;
  /** SHA-256 of the base's file. */
  baseSha256?: string;
  /** SHA-256 of the chat template that the examples were written with. */
  templateSha256?: string;
}

/** The two matrices that adapt one projection. */
export interface LoraPair {
  /** [rank, in], row-major. */
  a: Float32Array;
  /** [out, rank], row-major. */
  b: Float32Array;
}

/** The Hugging Face module path of one adapted matrix. */
export function loraModulePath(layer: number, target: LoraTarget): string {
  const block = target === 'q_proj' || target === 'k_proj' || target === 'v_proj' || target === 'o_proj';
  return `model.layers.${layer}.${block ? 'self_attn' : 'mlp'}.${target}`;
}
