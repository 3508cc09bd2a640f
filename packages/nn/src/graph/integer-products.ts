import { int8ProbeGraph } from './operators/index.ts';
import { openSession } from './session.ts';

/**
 * Whether this CPU multiplies eight-bit integers exactly (AVX-512 VNNI, AVX-VNNI, AMX, Arm). Older x86 CPUs add pairs
 * of products in 16 bits, which overflow silently (they saturate). Found by running {@link int8ProbeGraph} once.
 */
export function hasIntegerProducts(): Promise<boolean> {
  return (result ??= probe());
}

let result: Promise<boolean> | undefined;

async function probe(): Promise<boolean> {
  await using session = await openSession(int8ProbeGraph());
  const { y } = await session.run({ x: { data: new Float32Array(64).fill(1), shape: [1, 64] } });
  return Math.abs((y!.data as Float32Array)[0]! - 64) < 0.01;
}
