/** Rotary position embedding (Su et al. 2021), in the two-halves form of Hugging Face's Llama. */
import { differentiable, type Value } from '../graph.ts';

/**
 * Rotates each head's first half against its second by its row's position. x: [batch, length, heads·2·half],
 * positions: [batch, length] int64, cosine and sine: [positions known, half]. A rotation's inverse is its transpose, so
 * the backward is the same kernel with −sine.
 */
export function rotary(x: Value, positions: Value, cosine: Value, sine: Value, heads: number): Value {
  return differentiable(rotate(x, positions, cosine, sine, heads), [x], (dy) => {
    const [opposite] = x.graph.node('Neg', [sine], [sine]);
    return [rotate(dy, positions, cosine, opposite!, heads)];
  });
}

function rotate(x: Value, positions: Value, cosine: Value, sine: Value, heads: number): Value {
  return x.graph.node('RotaryEmbedding', [x, positions, cosine, sine], [x], {
    domain: 'com.microsoft',
    attributes: { interleaved: 0, num_heads: heads },
  })[0]!;
}
