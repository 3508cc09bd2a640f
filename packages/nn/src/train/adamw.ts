/** AdamW: Adam with weight decay decoupled from the gradient (Loshchilov & Hutter 2019). */
export interface AdamWOptions {
  weightDecay: number;
  /** Decay of the first moment. Default 0.9. */
  beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  beta2?: number;
  /** Default 1e-8, added outside the square root. */
  epsilon?: number;
}

/** The two moments of a parameter, each in the order of its values. */
export interface Moments {
  first: Float32Array;
  second: Float32Array;
}

/**
 * One update in place, as torch.optim.AdamW: values ·= 1 − rate·weightDecay, then values −= rate · (m / (1 − β1ᵗ)) /
 * (√(v / (1 − β2ᵗ)) + ε).
 *
 * @param step counts from 1.
 * @param scale multiplies the gradient first (clipping).
 */
export function adamWUpdate(
  values: Float32Array,
  gradient: Float32Array,
  { first, second }: Moments,
  step: number,
  rate: number,
  options: AdamWOptions,
  scale = 1,
): void {
  const { weightDecay, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const keep = 1 - rate * weightDecay;
  const stepSize = rate / (1 - beta1 ** step);
  const correction = 1 / Math.sqrt(1 - beta2 ** step);
  for (let index = 0; index < values.length; index++) {
    const g = gradient[index]! * scale;
    const m = beta1 * first[index]! + (1 - beta1) * g;
    const v = beta2 * second[index]! + (1 - beta2) * g * g;
    first[index] = m;
    second[index] = v;
    values[index] = values[index]! * keep - (stepSize * m) / (Math.sqrt(v) * correction + epsilon);
  }
}

/** L2 norm over all tensors together. */
export function globalNorm(tensors: Iterable<Float32Array>): number {
  let squared = 0;
  for (const tensor of tensors) {
    for (let index = 0; index < tensor.length; index++) squared += tensor[index]! * tensor[index]!;
  }
  return Math.sqrt(squared);
}
