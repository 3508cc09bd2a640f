import { expect, test } from 'vitest';
import { Graph, gradients, openSession, silu, sumAll } from './index.ts';

test('a graph in two halves gives what it gives as a whole, also with halves handed over', async () => {
  const data = Float32Array.of(-2, -0.1, 0, 0.3, 1, 70_000);
  const x = { data, shape: [2, 3] };
  const write = () => {
    const graph = new Graph('halves');
    const input = graph.input('x', 'float32', ['rows', 3]);
    const middle = silu(input);
    const end = graph.size;
    const y = sumAll(silu(middle));
    graph.output('dx', gradients(y, [input])[0]!);
    return { graph, end, middle };
  };
  await using whole = await openSession(write().graph, { optimize: 'none' });
  const exact = (await whole.run({ x })).dx!.data as Float32Array;
  for (const half of [false, true]) {
    const { graph, end, middle } = write();
    const { before, after, between } = graph.split(end, {
      halve: ({ name }) => half && name === middle.name,
    });
    expect(between.map(({ type }) => type)).toEqual([half ? 'float16' : 'float32']);
    await using first = await openSession(before, { optimize: 'none' });
    await using second = await openSession(after, { optimize: 'none' });
    const memory = half ? new Uint16Array(6) : new Float32Array(6);
    const into = { [between[0]!.name]: { data: memory, shape: [2, 3] } };
    const kept = await first.run({ x }, undefined, into);
    // Written to the memory that was given, not to new memory.
    expect(kept[between[0]!.name]!.data).toBe(memory);
    // 70,000 is more than float16 has, and becomes its largest number.
    if (half) expect(memory[5]).toBe(0x7bff);
    const { dx } = await second.run({ x, ...kept });
    exact.forEach((value, at) => {
      expect(dx!.data[at]).toBeCloseTo(value, half ? 2 : 6);
    });
    if (!half) expect(dx!.data).toEqual(exact);
  }
});
