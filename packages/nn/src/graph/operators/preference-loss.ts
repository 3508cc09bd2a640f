/** Log-probabilities of labels, and the loss over which of two replies a model prefers. */
import { differentiable, type Value } from '../graph.ts';
import { binaryCrossEntropy } from './classification-loss.ts';
import { binary, scale, subtract, unary } from './elementwise.ts';
import { gatherRows } from './lookup.ts';
import { gemm, matMul } from './matrix.ts';
import { reshape } from './shape.ts';

/**
 * log softmax(hidden · tableᵀ)[label] of each row: [rows, 1]. hidden: [rows, width], table: [vocabulary, width] (frozen),
 * labels: [rows] int32.
 */
export function linearLogProbabilities(hidden: Value, table: Value, labels: Value): Value {
  const { graph } = hidden;
  const logits = gemm(hidden, table, { transB: true });
  const [logProbabilities] = graph.node('LogSoftmax', [logits], [logits], { attributes: { axis: -1 } });
  const column = [labels.shape[0]!, 1];
  const [index] = graph.node(
    'Unsqueeze',
    [labels, graph.constant('int64', [1], [1])],
    [{ type: labels.type, shape: column }],
  );
  const [picked] = graph.node(
    'GatherElements',
    [logProbabilities, index],
    [{ type: 'float32', shape: column }],
    { attributes: { axis: 1 } },
  );
  return differentiable(picked!, [hidden], (dy) => {
    const expected = gemm(unary('Exp', logProbabilities!), table);
    return [binary('Mul', binary('Sub', gatherRows(table, labels), expected), dy)];
  });
}

/**
 * The loss of direct preference optimisation (Rafailov et al. 2023, equation 7), summed over pairs: −log σ(beta ·
 * ((chosen − rejected) − reference)). `chosen` and `rejected` are the log-probabilities of the two replies; `reference`
 * is chosen − rejected under the model before training.
 *
 * logProbabilities: [rows, 1] of all labels; chosenRows and rejectedRows: [pairs, rows], 1 where the row belongs to the
 * pair's reply, else 0; reference: [pairs].
 */
export function preferenceLoss(
  logProbabilities: Value,
  { chosenRows, rejectedRows, reference, beta }: PreferenceInputs,
): { loss: Value; chosen: Value; rejected: Value } {
  const pairs = reference.shape;
  const [chosen, rejected] = [chosenRows, rejectedRows].map((rows) =>
    reshape(matMul(rows, logProbabilities), pairs),
  ) as [Value, Value];
  const margin = scale(subtract(subtract(chosen, rejected), reference), beta);
  const loss = binaryCrossEntropy(margin, reference.graph.constant('float32', [1], [1]));
  return { loss, chosen, rejected };
}

/** Inputs of {@link preferenceLoss}; see there for shapes. */
export interface PreferenceInputs {
  chosenRows: Value;
  rejectedRows: Value;
  reference: Value;
  beta: number;
}
