/** What ONNX Runtime's own profile says of nodes, and what this machine's matrix products can do at best. */
import { readFileSync } from 'node:fs';
import { Graph, openSession, type TensorData } from '../../packages/nn/src/graph/index.ts';
import { gemm } from '../../packages/nn/src/graph/operators/matrix.ts';

/** An event of a session's profile; times in microseconds. */
export interface NodeTime {
  cat: string;
  name: string;
  dur: number;
  ts: number;
  args: { op_name?: string };
}

/** The nodes of the later of two runs with the same nodes: the first one warms up. */
export function nodesOfSecondRun(profile: string): NodeTime[] {
  const events: NodeTime[] = JSON.parse(readFileSync(profile, 'utf8'));
  const nodes = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'));
  return nodes.sort((a, b) => a.ts - b.ts).slice(nodes.length / 2);
}

/** In microseconds. */
export function totalTime(nodes: readonly NodeTime[]): number {
  return nodes.reduce((microseconds, { dur }) => microseconds + dur, 0);
}

/** A line for each of the groups that took longest. */
export function printGroups(groups: ReadonlyMap<string, NodeTime[]>, total: number, most: number): void {
  for (const [name, own] of [...groups].sort((a, b) => totalTime(b[1]) - totalTime(a[1])).slice(0, most))
    console.log(
      `${name.padEnd(40)}${String(own.length).padStart(6)} nodes ${(totalTime(own) / 1e3).toFixed(1).padStart(8)} ms ${((100 * totalTime(own)) / total).toFixed(1).padStart(5)} %`,
    );
}

/** Operations a second of square products. */
export async function peakOfFloat32(): Promise<number> {
  const size = 1024;
  const graph = new Graph('peak');
  const x = graph.input('x', 'float32', [size, size]);
  const w = graph.input('w', 'float32', [size, size]);
  graph.output('y', gemm(x, w));
  const data = new Float32Array(size * size).fill(0.5);
  const given = { x: { data, shape: [size, size] }, w: { data, shape: [size, size] } };
  return (2 * size ** 3) / (await fastestRun(graph, given));
}

/** Seconds of the fastest of many runs. */
export async function fastestRun(graph: Graph, given: Record<string, TensorData>): Promise<number> {
  await using session = await openSession(graph);
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 40; run++) {
    const from = performance.now();
    await session.run(given);
    least = Math.min(least, (performance.now() - from) / 1000);
  }
  return least;
}
