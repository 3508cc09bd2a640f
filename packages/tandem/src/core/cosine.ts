type Vector = Float32Array | Float64Array;

/** Sum of products; of unit vectors the cosine. Both of one length. */
export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}

/** Of vectors of any length but zero; 0 where one is all zeros. */
export function cosine(a: Vector, b: Vector): number {
  return dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1);
}

/** Of length 1; zeros stay zeros. */
export function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector)) || 1;
  const scaled = new Float32Array(vector.length);
  // A function called for each number, as `map` does, makes an object of each.
  for (let at = 0; at < vector.length; at++) scaled[at] = vector[at]! / length;
  return scaled;
}
