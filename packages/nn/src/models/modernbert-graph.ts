/** ModernBERT as an ONNX graph for inference. */
import type { SafetensorsFile } from '../formats/safetensors.ts';
import { Graph, rotary, rotaryFrequencies, rotaryTables, type Value } from '../graph/index.ts';
import { createWeightReader } from './encoder-weights.ts';
import type { ModernBertSettings } from './modernbert-settings.ts';
import { poolTokens } from './pooling.ts';

/**
 * The encoder (Warner et al. 2024), for texts of one length: no padding. ids: [texts, length] int32 → embedding: [texts, hidden].
 *
 * Norms stand before attention and feed-forward; the first layer's attention has none, because the embeddings are normalised already.
 * Positions are rotary, with one base in layers that see the whole text and another in those that see a window. Nothing has a bias.
 */
export async function buildModernBert(file: SafetensorsFile, settings: ModernBertSettings): Promise<Graph> {
  const { hiddenSize, heads, intermediateSize, epsilon } = settings;
  const graph = new Graph('modernbert');
  const { weight } = await createWeightReader(file, graph, {
    first: 'embeddings.tok_embeddings.weight',
    inMemory: false,
  });
  const ids = graph.input('ids', 'int32', ['texts', 'length']);
  const texts = (width: number) => ({ type: 'float32' as const, shape: ['texts', 'length', width] });
  const hidden = texts(hiddenSize);

  const norm = (x: Value, name: string) =>
    graph.node('LayerNormalization', [x, weight(`${name}.weight`, [hiddenSize])], [x], {
      attributes: { axis: -1, epsilon: { float: epsilon } },
    })[0]!;
  /** x · Wᵀ for all tokens of all texts at once. x: [texts, length, into]. */
  const product = (x: Value, name: string, out: number, into: number) => {
    const rows = { type: 'float32' as const, shape: ['rows', into] };
    const [flat] = graph.node('Reshape', [x, graph.constant('int64', [-1, into])], [rows]);
    const [y] = graph.node(
      'Gemm',
      [flat, weight(`${name}.weight`, [out, into])],
      [{ type: 'float32', shape: ['rows', out] }],
      { attributes: { transB: 1 } },
    );
    return graph.node('Reshape', [y, shapeWith(out)], [texts(out)])[0]!;
  };
  const parts = (x: Value, count: number, width: number) =>
    graph.node(
      'Split',
      [x],
      Array.from({ length: count }, () => texts(width)),
      {
        attributes: { axis: -1, num_outputs: count },
      },
    );
  const sum = (a: Value, b: Value) => graph.node('Add', [a, b], [a])[0]!;

  const size = graph.node('Shape', [ids], [{ type: 'int64', shape: [2] }])[0]!;
  const shapes = new Map<number, Value>();
  /** [texts, length, width] as a value, for Reshape. */
  const shapeWith = (width: number): Value => {
    const known = shapes.get(width);
    if (known) return known;
    const [shape] = graph.node(
      'Concat',
      [size, graph.constant('int64', [width], [1])],
      [{ type: 'int64', shape: [3] }],
      {
        attributes: { axis: 0 },
      },
    );
    shapes.set(width, shape!);
    return shape!;
  };
  const places = placesOf(graph, size);
  const tables = new Map(
    [...new Set(settings.layers.map(({ theta }) => theta))].map((theta) => [
      theta,
      rotaryTables(places.length, rotaryFrequencies(theta, hiddenSize / heads)),
    ]),
  );
  const windows = new Map(
    [...new Set(settings.layers.map(({ reach }) => reach))].map((reach) => [
      reach,
      reach === undefined ? undefined : windowMask(graph, places.column, reach),
    ]),
  );

  const [looked] = graph.node(
    'Gather',
    [weight('embeddings.tok_embeddings.weight', [settings.vocabularySize, hiddenSize]), ids],
    [hidden],
  );
  let x = norm(looked!, 'embeddings.norm');
  for (const [layer, { reach, theta }] of settings.layers.entries()) {
    const name = `layers.${layer}`;
    const normed = layer === 0 ? x : norm(x, `${name}.attn_norm`);
    const [query, key, value] = parts(
      product(normed, `${name}.attn.Wqkv`, 3 * hiddenSize, hiddenSize),
      3,
      hiddenSize,
    );
    const { cosine, sine } = tables.get(theta)!;
    const turned = [query, key].map((part) => rotary(part!, places.positions, cosine, sine, heads));
    const [attended] = graph.node(
      'MultiHeadAttention',
      [turned[0], turned[1], value, undefined, undefined, windows.get(reach)],
      [hidden],
      { domain: 'com.microsoft', attributes: { num_heads: heads } },
    );
    x = sum(x, product(attended!, `${name}.attn.Wo`, hiddenSize, hiddenSize));

    const wide = product(norm(x, `${name}.mlp_norm`), `${name}.mlp.Wi`, 2 * intermediateSize, hiddenSize);
    const [inner, gate] = parts(wide, 2, intermediateSize);
    const [activated] = graph.node('Gelu', [inner], [inner!]);
    const [gated] = graph.node('Mul', [activated, gate], [inner!]);
    x = sum(x, product(gated!, `${name}.mlp.Wo`, hiddenSize, intermediateSize));
  }
  graph.output('embedding', poolTokens(norm(x, 'final_norm'), settings.pooling));
  return graph;
}

/** The length of the texts, and 0 … length − 1 as a column and for every text. size: [texts, length] int64. */
function placesOf(graph: Graph, size: Value): { length: Value; column: Value; positions: Value } {
  const scalar = { type: 'int64' as const, shape: [] };
  const [length] = graph.node('Gather', [size, graph.constant('int64', [1], [])], [scalar], {
    attributes: { axis: 0 },
  });
  const [row] = graph.node(
    'Range',
    [graph.constant('int64', [0], []), length, graph.constant('int64', [1], [])],
    [{ type: 'int64', shape: ['length'] }],
  );
  const [positions] = graph.node('Expand', [row, size], [{ type: 'int64', shape: ['texts', 'length'] }]);
  const [column] = graph.node(
    'Unsqueeze',
    [row, graph.constant('int64', [1], [1])],
    [{ type: 'int64', shape: ['length', 1] }],
  );
  return { length: length!, column: column!, positions: positions! };
}

/** [1, 1, length, length]: 0 where two places are at most `reach` apart, else very negative. */
function windowMask(graph: Graph, column: Value, reach: number): Value {
  const square = (type: 'int64' | 'float32' | 'bool') => ({ type, shape: ['length', 'length'] });
  const [row] = graph.node('Transpose', [column], [{ type: 'int64', shape: [1, 'length'] }]);
  const [difference] = graph.node('Sub', [column, row], [square('int64')]);
  const [distance] = graph.node('Abs', [difference], [square('int64')]);
  const [far] = graph.node('Greater', [distance, graph.constant('int64', [reach])], [square('bool')]);
  const [mask] = graph.node(
    'Where',
    [far, graph.constant('float32', [-1e30]), graph.constant('float32', [0])],
    [square('float32')],
  );
  return graph.node(
    'Unsqueeze',
    [mask, graph.constant('int64', [0, 1])],
    [{ type: 'float32', shape: [1, 1, 'length', 'length'] }],
  )[0]!;
}
