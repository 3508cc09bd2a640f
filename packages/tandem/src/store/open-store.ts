import { join } from 'node:path';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { nameAbsentPackage } from '../core/errors/missing-driver-error.ts';
import type { StoreConfig } from '../core/store-config.ts';
import { openLanceStore } from './lancedb/lance-store.ts';
import type { LexicalIndex } from './lexical-index.ts';
import { namespaceOf } from './namespace.ts';
import { pairStores } from './pair.ts';
import type { VectorStore } from './vector-store.ts';

/**
 * The store that a project's config names. `directory` is for what lies on this machine: LanceDB's tables, and the embedded
 * lexical index beside a vector store that has none.
 * @throws MissingDriverError when the package of a server's client is not installed.
 */
export async function openStore(
  config: StoreConfig,
  { directory, projectName }: { directory: string; projectName: string },
): Promise<VectorStore & LexicalIndex> {
  const namespace = ('namespace' in config && config.namespace) || namespaceOf(projectName);
  switch (config.kind) {
    case 'lancedb':
      return await openLanceStore(directory);
    case 'pgvector': {
      const { openPgvectorStore } = await import('./pgvector/pgvector-store.ts');
      return await openPgvectorStore({ url: postgresURL(config.urlEnv).text, namespace });
    }
    case 'milvus': {
      const { openMilvusStore } = await import('./milvus/milvus-store.ts');
      const { address, database, tokenEnv } = config;
      return await openMilvusStore({
        address,
        namespace,
        ...(database !== undefined && { database }),
        ...(tokenEnv !== undefined && { token: secret(tokenEnv, 'store.tokenEnv') }),
      });
    }
    case 'chroma': {
      const { openChromaStore } = await import('./chroma/chroma-store.ts');
      const { url, tenant, database, tokenEnv } = config;
      const vectors = await openChromaStore({
        url,
        namespace,
        ...(tenant !== undefined && { tenant }),
        ...(database !== undefined && { database }),
        ...(tokenEnv !== undefined && { token: secret(tokenEnv, 'store.tokenEnv') }),
      });
      return pairStores(vectors, await openLexicalIndex(directory));
    }
    case 'langchain': {
      const { openLangChainStore } = await import('./langchain/langchain-store.ts');
      const { inMemory, filter } = config;
      const vectors = await openLangChainStore({
        vectorStore: (await nameAbsentPackage(() => config.open(), openedByProject)) as Parameters<
          typeof openLangChainStore
        >[0]['vectorStore'],
        file: join(directory, 'langchain-rows.sqlite'),
        inMemory,
        ...(filter && { filter: filter as (condition: unknown) => unknown }),
      });
      return pairStores(vectors, await openLexicalIndex(directory));
    }
    case 'custom':
      return (await nameAbsentPackage(
        () => config.open({ directory, namespace }),
        openedByProject,
      )) as VectorStore & LexicalIndex;
  }
}

const openedByProject = { what: "The project's `store.open`", domain: 'store' };

/**
 * The lexical index on this machine for vector stores that have none: LanceDB's, without a vector index (the vectors are kept, for
 * giving a passage that only the words found its cosine).
 */
export function openLexicalIndex(directory: string): Promise<LexicalIndex> {
  return openLanceStore(directory, { vectorIndexFrom: Number.POSITIVE_INFINITY });
}

const titles: Record<StoreConfig['kind'], string> = {
  lancedb: 'LanceDB',
  pgvector: 'PostgreSQL with pgvector',
  milvus: 'Milvus',
  chroma: 'Chroma, words in LanceDB',
  langchain: 'a LangChain vector store, words in LanceDB',
  custom: "the project's own store",
};

/** What reports call the store of a config. */
export const storeTitle = ({ kind }: StoreConfig): string => titles[kind];

/** Hosts that the store is reached at, for the network policy. */
export function storeAddresses(config: StoreConfig): string[] {
  if (config.kind === 'chroma') return [config.url];
  if (config.kind === 'milvus') {
    const address = config.address.includes('://') ? config.address : `http://${config.address}`;
    if (URL.canParse(address)) return [address];
    throw new InvalidInputError({
      domain: 'store',
      where: 'store.address',
      message: '`store.address` is not the address of a Milvus server.',
      hint: 'Write it as 127.0.0.1:19530 or https://host:19530.',
    });
  }
  // The command that opens the store says when the variable is not set.
  if (config.kind === 'pgvector' && process.env[config.urlEnv]) {
    const { host } = postgresURL(config.urlEnv);
    return host === '' ? [] : [`http://${host}`];
  }
  return [];
}

/**
 * `host` is empty where the database is at a socket of this machine (no host, or a folder for one).
 * @throws InvalidInputError without what the variable holds: it may have a password in it
 */
function postgresURL(variable: string): { text: string; host: string } {
  const text = secret(variable, 'store.urlEnv');
  const [, login = '', host] = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)/i.exec(text) ?? [];
  const isSocket = host === '' || /^%2f/i.test(host ?? '');
  if (host !== undefined && (isSocket || URL.canParse(`http://${host}`)) && isDecodable(login))
    return { text, host: isSocket ? '' : host };
  throw new InvalidInputError({
    domain: 'store',
    where: 'store.urlEnv',
    message: `The environment variable ${variable} does not hold the address of a PostgreSQL database.`,
    hint: 'Write it as postgres://user:password@host:5432/database; a % or / in the password as %25 or %2F.',
  });
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function secret(variable: string, where: string): string {
  const value = process.env[variable];
  if (value) return value;
  throw new InvalidInputError({
    domain: 'store',
    where,
    message: `The store's address or token is in the environment variable ${variable}, which is not set.`,
    hint: `Set ${variable}, or name another variable as ${where} in tandem.config.ts.`,
  });
}
