/**
 * What a key may do. `read`: list and search what there is; `ask`: have models answer and embed; `ingest`: upload and delete files, fill
 * vector stores; `train`: fine-tune; `admin`: keys, and all of these.
 */
export const scopes = ['read', 'ask', 'ingest', 'train', 'admin'] as const;
/** One thing that a key may do. */
export type Scope = (typeof scopes)[number];

/** Who a request is from. */
export interface Caller {
  /** The key's id; `local` on a server without keys. Requests take turns by it. */
  id: string;
  /** What is uploaded, trained and stored belongs to a tenant, and is seen by its callers alone. */
  tenant: string;
  scopes: ReadonlySet<Scope>;
  /** Access labels that the caller holds; absent: every document. */
  access?: readonly string[];
  /** Names of the projects that the caller may ask; absent: all. */
  projects?: readonly string[];
}

/** On a server without keys, which is reached from this machine only. */
export const localCaller: Caller = { id: 'local', tenant: 'local', scopes: new Set(scopes) };

/** Whether the caller may see what has all of these access labels. */
export function holdsAll({ access }: Caller, labels: readonly string[] = []): boolean {
  return access === undefined || labels.every((label) => access.includes(label));
}

export function mayDo({ scopes: held }: Caller, scope: Scope): boolean {
  return held.has(scope) || held.has('admin');
}
