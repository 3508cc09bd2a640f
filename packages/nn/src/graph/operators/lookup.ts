/** Picking rows by index. */
import { differentiable, type Value } from '../graph.ts';

/**
 * Rows of `table` by index: [count, ...width] and indices [...n] (int32 or int64) give [...n, ...width]. A row that is
 * picked several times gets the sum of its gradients.
 */
export function gatherRows(table: Value, indices: Value): Value {
  const { graph } = table;
  const shape = [...indices.shape, ...table.shape.slice(1)];
  const [y] = graph.node('Gather', [table, indices], [{ type: table.type, shape }], {
    attributes: { axis: 0 },
  });
  return differentiable(y!, [table], (dy) => {
    const [size] = graph.node('Shape', [table], [{ type: 'int64', shape: [table.shape.length] }]);
    const [zeros] = graph.node('ConstantOfShape', [size], [table]);
    const wide =
      indices.type === 'int64'
        ? indices
        : graph.node('Cast', [indices], [{ type: 'int64', shape: indices.shape }], {
            attributes: { to: 7 },
          })[0]!;
    const [paths] = graph.node(
      'Unsqueeze',
      [wide, graph.constant('int64', [-1], [1])],
      [{ type: 'int64', shape: [...indices.shape, 1] }],
    );
    return [graph.node('ScatterND', [zeros, paths, dy], [table], { attributes: { reduction: 'add' } })[0]!];
  });
}
