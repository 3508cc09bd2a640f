import { writeFile } from 'node:fs/promises';

/**
 * For tests: a LoRA adapter of random weights over SmolLM2-135M's attention outputs, as GGUF (version 3 of the format,
 * ggml/docs/gguf.md). `size` scales B; at 0 the adapter changes nothing.
 */
export async function writeRandomAdapter(
  path: string,
  options: { seed: number; size?: number },
): Promise<void> {
  const [layers, width, rank] = [30, 576, 4];
  const random = generator(options.seed);
  const tensors = Array.from({ length: layers }, (_, layer) => `blk.${layer}.attn_output.weight`).flatMap(
    (name) => [
      { name: `${name}.lora_a`, shape: [width, rank], scale: 0.1 },
      { name: `${name}.lora_b`, shape: [rank, width], scale: options.size ?? 0.3 },
    ],
  );
  const header: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(4)];
  for (const [key, value] of [
    ['general.type', 'adapter'],
    ['general.architecture', 'llama'],
    ['adapter.type', 'lora'],
  ] as const) {
    header.push(text(key), u32(8), text(value));
  }
  header.push(text('adapter.lora.alpha'), u32(6), f32(rank));
  let offset = 0;
  for (const { name, shape } of tensors) {
    header.push(text(name), u32(shape.length), ...shape.map(u64), u32(0), u64(offset));
    offset += width * rank * 4;
  }
  const head = Buffer.concat(header);
  const padding = Buffer.alloc((32 - (head.length % 32)) % 32);
  const data = tensors.map(({ scale }) => {
    const values = Float32Array.from({ length: width * rank }, () => (random() * 2 - 1) * scale);
    return Buffer.from(values.buffer);
  });
  await writeFile(path, Buffer.concat([head, padding, ...data]));
}

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}
