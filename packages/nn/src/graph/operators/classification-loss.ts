/**
 * Losses of scores against labels, summed over rows. For the mean, divide by the number of rows or seed the gradient
 * with 1/rows.
 */
import { differentiable, type Value } from '../graph.ts';
import { binary, unary } from './elementwise.ts';
import { reduce } from './reduce.ts';

/**
 * Sum over rows of −log softmax(scores)[label]. scores: [rows, classes], labels: [rows] int32. The result is a scalar.
 */
export function crossEntropy(scores: Value, labels: Value): Value {
  const { graph } = scores;
  const [logProbabilities] = graph.node('LogSoftmax', [scores], [scores], { attributes: { axis: -1 } });
  const column = [labels.shape[0]!, 1];
  const [index] = graph.node(
    'Unsqueeze',
    [labels, graph.constant('int64', [1], [1])],
    [{ type: labels.type, shape: column }],
  );
  const [picked] = graph.node(
    'GatherElements',
    [logProbabilities, index],
    [{ type: scores.type, shape: column }],
    {
      attributes: { axis: 1 },
    },
  );
  const loss = unary('Neg', reduce('ReduceSum', picked!, [0, 1], false));
  return differentiable(loss, [scores], (dLoss) => {
    // softmax − 1 at the label. Each row has one label, so no two updates fall on the same place.
    const [updates] = graph.node(
      'Expand',
      [
        graph.constant('float32', [-1], [1, 1]),
        graph.node('Shape', [index], [{ type: 'int64', shape: [2] }])[0],
      ],
      [{ type: scores.type, shape: column }],
    );
    const [difference] = graph.node(
      'ScatterElements',
      [unary('Exp', logProbabilities!), index, updates],
      [scores],
      { attributes: { axis: 1, reduction: 'add' } },
    );
    return [binary('Mul', difference!, dLoss)];
  });
}

/**
 * Sum of −target · log σ(x) − (1 − target) · log(1 − σ(x)), computed as softplus(x) − target · x, which does not
 * overflow for any x. x and targets: [rows], targets between 0 and 1 (they get no gradient). The result is a scalar.
 */
export function binaryCrossEntropy(x: Value, targets: Value): Value {
  const each = binary('Sub', unary('Softplus', x), binary('Mul', targets, x));
  const loss = reduce('ReduceSum', each, [0], false);
  return differentiable(loss, [x], (dLoss) => [
    binary('Mul', binary('Sub', unary('Sigmoid', x), targets), dLoss),
  ]);
}
