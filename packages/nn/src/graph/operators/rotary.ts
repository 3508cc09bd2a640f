/** Rotary position embedding (Su et al. 2021), in the two-halves form of Hugging Face's Llama. */
import { differentiable, type Value } from '../graph.ts';

/**
 * Rotates the first half of each head against its second half, by an angle that depends on the row's position. x:
 * [batch, length, heads·2·half], positions: [batch, length] int64, cosine and sine: [positions known, half]. The
 * inverse of a rotation is its transpose, so the backward is the same kernel with −sine.
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

/** base^(−2j / headWidth), in radians for each position: headWidth / 2 of them. */
export function rotaryFrequencies(base: number, headWidth: number): number[] {
  return Array.from({ length: headWidth / 2 }, (_, j) => base ** ((-2 * j) / headWidth));
}

/**
 * cos and sin of position · frequency for the positions 0 … `length` − 1 (a scalar int64): [length, frequencies] each.
 * They are computed when the graph runs, so that a context of 131,072 tokens costs nothing until it is used. Angles are
 * float64 and reduced below one turn before they are rounded: a float32 angle of some thousand radians is off by 1e-4.
 */
export function rotaryTables(length: Value, frequencies: readonly number[]): { cosine: Value; sine: Value } {
  const { graph } = length;
  const cast = (x: Value, type: 'float32' | 'float64') =>
    graph.node('Cast', [x], [{ type, shape: x.shape }], {
      attributes: { to: type === 'float32' ? 1 : 11 },
    })[0]!;
  const positions = graph.node(
    'Range',
    [graph.constant('int64', [0]), length, graph.constant('int64', [1])],
    [{ type: 'int64', shape: ['length'] }],
  )[0]!;
  const column = graph.node(
    'Unsqueeze',
    [cast(positions, 'float64'), graph.constant('int64', [1], [1])],
    [{ type: 'float64', shape: ['length', 1] }],
  )[0]!;
  const shape = ['length', frequencies.length];
  const float64 = [{ type: 'float64', shape }] as const;
  const [turned] = graph.node(
    'Mul',
    [column, graph.constant('float64', frequencies, [1, frequencies.length])],
    float64,
  );
  const [angle] = graph.node('Mod', [turned!, graph.constant('float64', [2 * Math.PI])], float64, {
    attributes: { fmod: 1 },
  });
  const rounded = cast(angle!, 'float32');
  return {
    cosine: graph.node('Cos', [rounded], [rounded])[0]!,
    sine: graph.node('Sin', [rounded], [rounded])[0]!,
  };
}
