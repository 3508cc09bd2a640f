export interface MilvusStoreOptions {
  /** `host:port`, or an `https://` address. */
  address: string;
  /** `user:password` or an API key. */
  token?: string;
  database?: string;
  /** Prefix of the collections; one for each project. */
  namespace: string;
}
