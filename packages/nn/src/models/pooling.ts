import type { Value } from '../graph/index.ts';

/** One vector for each text: the mean of its tokens' hidden states, or that of its first token. tokens: [texts, length, hidden] → [texts, hidden]. */
export function poolTokens(tokens: Value, pooling: 'mean' | 'cls'): Value {
  const { graph } = tokens;
  const pooled = [{ type: 'float32' as const, shape: [tokens.shape[0]!, tokens.shape[2]!] }];
  const [embedding] =
    pooling === 'mean'
      ? graph.node('ReduceMean', [tokens, graph.constant('int64', [1], [1])], pooled, {
          attributes: { keepdims: 0 },
        })
      : graph.node('Gather', [tokens, graph.constant('int64', [0], [])], pooled, { attributes: { axis: 1 } });
  return embedding!;
}
