/** The number that 16 bits stand for in half precision (IEEE 754). */
export function halfToNumber(bits: number): number {
  return halfTable()[bits]!;
}

/** Half-precision values, two little-endian bytes each, to float32. Exact. */
export function halfToFloat32(bytes: Uint8Array): Float32Array {
  const table = halfTable();
  const result = new Float32Array(bytes.length / 2);
  for (let i = 0; i < result.length; i++) result[i] = table[bytes[2 * i]! | (bytes[2 * i + 1]! << 8)]!;
  return result;
}

/** bfloat16 values, two little-endian bytes each, to float32: the upper half of its bits. Exact. */
export function bfloat16ToFloat32(bytes: Uint8Array): Float32Array {
  const bits = new Uint32Array(bytes.length / 2);
  for (let i = 0; i < bits.length; i++) bits[i] = ((bytes[2 * i]! << 16) | (bytes[2 * i + 1]! << 24)) >>> 0;
  return new Float32Array(bits.buffer);
}

/** Little-endian float32 bytes as numbers; a view without a copy where the bytes are aligned and the machine is little-endian. */
export function bytesToFloat32(bytes: Uint8Array): Float32Array {
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return new Float32Array(bytes.slice().buffer);
}

/** Little-endian float64 bytes rounded to float32. */
export function float64BytesToFloat32(bytes: Uint8Array): Float32Array {
  return Float32Array.from(new Float64Array(bytes.slice().buffer));
}

let table: Float32Array | undefined;

/** All 65,536 half-precision numbers: looking one up is several times as fast as computing it from its bits. */
function halfTable(): Float32Array {
  if (table) return table;
  table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) table[bits] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}
