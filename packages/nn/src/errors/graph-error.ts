import { NnError, type NnErrorOptions } from './nn-error.ts';

/** What is wrong with a graph, for programs. */
export type GraphFault =
  | 'shape_mismatch'
  | 'duplicate_name'
  | 'no_gradient'
  | 'missing_input'
  | 'weights_in_two_folders'
  | 'graph_rejected';

/** A graph was put together or run in a way that cannot work: shapes that do not fit, a name used twice, a missing input. */
export class GraphError extends NnError {
  readonly fault: GraphFault;

  constructor(options: NnErrorOptions & { fault: GraphFault }) {
    super({ ...options, code: 'graph_error', domain: 'graph', category: 'system' });
    this.fault = options.fault;
  }

  static override isInstance(error: unknown): error is GraphError {
    return NnError.isInstance(error) && error.code === 'graph_error';
  }
}
