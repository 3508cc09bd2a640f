import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { halfToNumber } from './float-conversion.ts';
import { dequantize } from './gguf-dequantize.ts';
import { numberToHalf, quantize } from './gguf-quantize.ts';

describe('quantisers', () => {
  test('every half is itself, and what lies between goes to the nearer', () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      expect(numberToHalf(halfToNumber(bits))).toBe(bits);
      const [low, high] = [halfToNumber(bits), halfToNumber(bits + 1)];
      if (!Number.isFinite(high)) continue;
      expect(numberToHalf(low + (high - low) * 0.4)).toBe(bits);
      expect(numberToHalf(low + (high - low) * 0.6)).toBe(bits + 1);
      expect(numberToHalf((low + high) / 2)).toBe(bits + (bits & 1));
    }
    expect(numberToHalf(-1)).toBe(0xbc00);
    expect(numberToHalf(1e6)).toBe(0x7c00);
    expect(numberToHalf(Number.NaN)).toBe(0x7e00);
  });

  for (const type of ['Q8_0', 'Q4_0', 'Q4_1'] as const) {
    test(`${type} gives back each value to half a step`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 32, maxLength: 32 }),
          (list) => {
            const values = Float32Array.from(list);
            const block = quantize(type, values);
            const again = dequantize(type, block);
            const largest = Math.max(...values.map(Math.abs));
            // The scale is itself a half: coarser by 2^-25 where it is subnormal, for up to 127 steps.
            const bound = quantizationStep(type, block) * 1.001 + largest * 2 ** -9 + 128 * 2 ** -25;
            values.forEach((value, index) => {
              expect(Math.abs(again[index]! - value)).toBeLessThanOrEqual(bound);
            });
          },
        ),
        { seed: 20, numRuns: 300 },
      );
    });
  }
});

/** How far a value can lie from what its block gives back: half a step, and the rounding of the scale to a half. */
function quantizationStep(type: 'Q8_0' | 'Q4_0' | 'Q4_1', block: Uint8Array): number {
  const view = new DataView(block.buffer, block.byteOffset);
  return Math.abs(halfToNumber(view.getUint16(0, true))) * (type === 'Q4_0' ? 1 : 0.5);
}
