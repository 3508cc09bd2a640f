/** Cross-entropy of a language-model head. */
import { differentiable, type Value } from '../graph.ts';
import { binary, unary } from './elementwise.ts';
import { gatherRows } from './lookup.ts';
import { gemm } from './matrix.ts';
import { reduce } from './reduce.ts';

/**
 * Sum over rows of −log softmax(hidden · tableᵀ)[label]. hidden: [rows, width], table: [vocabulary, width] (frozen: it
 * gets no gradient), labels: [rows] int32. For the mean, divide by the number of rows, or seed the gradient with
 * 1/rows.
 *
 * Head and loss are one operation because the gradient is then only two matrix products: dHidden = softmax · table −
 * table[labels]. The vocabulary is the widest axis of the model, so every pass over [rows, vocabulary] that can be
 * saved counts.
 */
export function linearCrossEntropy(hidden: Value, table: Value, labels: Value): Value {
  const { graph } = hidden;
  const logits = gemm(hidden, table, { transB: true });
  const [logProbabilities] = graph.node('LogSoftmax', [logits], [logits], { attributes: { axis: -1 } });
  const column = { type: labels.type, shape: [labels.shape[0]!, 1] };
  const [index] = graph.node('Unsqueeze', [labels, graph.constant('int64', [1], [1])], [column]);
  const [picked] = graph.node(
    'GatherElements',
    [logProbabilities, index],
    [{ type: 'float32', shape: column.shape }],
    { attributes: { axis: 1 } },
  );
  const loss = unary('Neg', reduce('ReduceSum', picked!, [0, 1], false));
  return differentiable(loss, [hidden], (dLoss) => {
    const expected = gemm(unary('Exp', logProbabilities!), table);
    return [binary('Mul', binary('Sub', expected, gatherRows(table, labels)), dLoss)];
  });
}
