/** Which server, and what its collections are called. */
export interface MilvusStoreOptions {
  /** `host:port`, or an `https://` address. */
  address: string;
  /** `user:password` or an API key. */
  token?: string;
  /** Default: the server's `default`. */
  database?: string;
  /** Prefix of the collections; one for each project. */
  namespace: string;
}
