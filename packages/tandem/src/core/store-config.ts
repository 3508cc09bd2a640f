import { z } from 'zod';

const callable = <Type extends (...parameters: never[]) => unknown>() =>
  z.custom<Type>((value) => typeof value === 'function', 'must be a function');

/** Prefix of tables and collections on a server; default: made of the project's name. */
const namespace = z
  .string()
  .regex(/^[a-z][a-z0-9_]{2,39}$/, 'use 3 to 40 of a–z, 0–9 and _, beginning with a letter')
  .optional();

/** Where chunks and their vectors are kept and searched. Secrets are named by environment variable, never written. */
export const storeSchema = z.discriminatedUnion('kind', [
  /** In the project's data folder. */
  z.strictObject({ kind: z.literal('lancedb') }),
  z.strictObject({ kind: z.literal('pgvector'), urlEnv: z.string().default('DATABASE_URL'), namespace }),
  z.strictObject({
    kind: z.literal('milvus'),
    address: z.string().default('127.0.0.1:19530'),
    database: z.string().optional(),
    tokenEnv: z.string().optional(),
    namespace,
  }),
  z.strictObject({
    kind: z.literal('chroma'),
    url: z.url().default('http://127.0.0.1:8000'),
    tenant: z.string().optional(),
    database: z.string().optional(),
    tokenEnv: z.string().optional(),
    namespace,
  }),
  z.strictObject({
    kind: z.literal('langchain'),
    /** Gives a LangChain vector store; see `LangChainStoreOptions` for the other two. */
    open: callable<() => unknown>(),
    filter: callable<(condition: never) => unknown>().optional(),
    inMemory: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal('custom'),
    /** Gives a `VectorStore & LexicalIndex` of your own. */
    open: callable<(options: { directory: string; namespace: string }) => unknown>(),
  }),
]);
export type StoreConfig = z.infer<typeof storeSchema>;
