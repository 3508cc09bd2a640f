/** Probabilities of logits divided by a temperature, in place of them. */
export function softmaxInPlace(logits: Float64Array, temperature = 1): void {
  let most = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > most) most = logit;
  let sum = 0;
  for (let k = 0; k < logits.length; k++) {
    logits[k] = Math.exp((logits[k]! - most) / temperature);
    sum += logits[k]!;
  }
  for (let k = 0; k < logits.length; k++) logits[k]! /= sum;
}
