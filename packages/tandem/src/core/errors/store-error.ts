import { isMarked, TandemError, type TandemErrorOptions } from './tandem-error.ts';

/** A store that is a server of its own cannot be reached, or refused what it was asked. */
export class StoreError extends TandemError {
  /** Its kind in the config: "pgvector", "milvus", "chroma", "langchain". */
  readonly store: string;

  constructor(options: TandemErrorOptions & { store: string }) {
    super({ ...options, code: 'store', domain: 'store', category: 'thirdParty' });
    this.store = options.store;
  }

  static override isInstance(error: unknown): error is StoreError {
    return isMarked(error, 'store');
  }
}
