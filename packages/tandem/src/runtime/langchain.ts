// A Tandem in a LangChain program: its search as a retriever and as a tool.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallbackManagerForRetrieverRun } from '@langchain/core/callbacks/manager';
import type { DocumentInterface } from '@langchain/core/documents';
import type { BaseRetrieverInput } from '@langchain/core/retrievers';
import type { RunnableConfig } from '@langchain/core/runnables';
import type { DynamicStructuredTool } from '@langchain/core/tools';
import { z } from 'zod';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { importDriver } from '../core/errors/missing-driver-error.ts';
import type { Passage } from '../core/types/document.ts';
import { type SearchOptions, search } from './search.ts';
import { type SearchCallOptions, searchCallOptions } from './search-call-options.ts';
import {
  type FoundPassage,
  foundPassage,
  type SearchToolOptions,
  searchDescription,
  searchInput,
} from './search-tool.ts';

// An optional package, which this entry point alone needs; its absence gives an error of our own.
const [{ Document }, { BaseRetriever }, { ensureConfig }, { tool }] = await importDriver(
  () =>
    Promise.all([
      import('@langchain/core/documents'),
      import('@langchain/core/retrievers'),
      import('@langchain/core/runnables'),
      import('@langchain/core/tools'),
    ]),
  { packageName: '@langchain/core', what: 'tandem/langchain', domain: 'runtime' },
);

type SearchingParts = Parameters<typeof search>[0];

/** What the retriever says of a passage, as a document's metadata. */
export interface PassageMetadata {
  /** Of the document that it is part of. */
  uri: string;
  documentId: string;
  title: string;
  /** Headings above it. */
  section: string;
  /** `[start, end)` in the document's text; `pageContent` is that slice. */
  start: number;
  end: number;
  /** From 1, the best first. */
  rank: number;
  /** Fused from both searches: it orders the passages of one question, and means nothing beside another's. */
  score: number;
}

/** What every question is searched with, as of `search`; and LangChain's callbacks, tags and metadata of runs. */
export interface TandemRetrieverOptions extends BaseRetrieverInput {
  /** How many passages, and which documents may be found. Default: as the settings say. */
  search?: Omit<SearchOptions, 'signal'>;
}

/** A call's config. In a chain it is the chain's: `chain.invoke(question, { configurable: { tandem: { k: 3 } } })`. */
export type TandemRetrieverConfig = RunnableConfig<{ tandem?: SearchCallOptions }>;

/**
 * The search of a Tandem as a LangChain retriever. Options for one call alone (`k`, `access`, `documentIds`, `metadata`) go in
 * its config under `configurable.tandem`; the config's signal stops it.
 *
 * @example
 * const retriever = new TandemRetriever(tandem, { search: { k: 4 } });
 * const documents = await retriever.invoke('How many days of leave do I have?');
 * for (const { pageContent, metadata } of documents) console.log(metadata.uri, metadata.start, pageContent);
 */
export class TandemRetriever extends BaseRetriever<PassageMetadata> {
  static override lc_name(): string {
    return 'TandemRetriever';
  }
  override lc_namespace: string[] = ['tandem', 'retrievers'];
  readonly #parts: SearchingParts;
  readonly #options: Omit<SearchOptions, 'signal'>;
  /** LangChain hands a call's config to `invoke` and not to the search below it. */
  readonly #call: AsyncLocalStorage<RunnableConfig> = new AsyncLocalStorage();

  constructor(parts: SearchingParts, { search: options = {}, ...fields }: TandemRetrieverOptions = {}) {
    super(fields);
    this.#parts = parts;
    this.#options = options;
  }

  override async invoke(
    question: string,
    config?: TandemRetrieverConfig,
  ): Promise<DocumentInterface<PassageMetadata>[]> {
    // Turns a timeout into a signal, too.
    const call = ensureConfig(config);
    return this.#call.run(call, () => super.invoke(question, call));
  }

  override async _getRelevantDocuments(
    question: string,
    _run?: CallbackManagerForRetrieverRun,
  ): Promise<DocumentInterface<PassageMetadata>[]> {
    const { passages } = await search(this.#parts, question, {
      ...this.#options,
      ...callOptionsOf(this.#call.getStore()),
    });
    return passages.map(documentOf);
  }
}

/** As of the AI SDK's `searchTool`, and the tool's name. */
export interface LangChainSearchToolOptions extends SearchToolOptions {
  /** Default `search`. */
  name?: string;
}

/**
 * Search in the documents as a LangChain tool, for models that decide by themselves what to look up. The model reads the passages with their
 * places; they are the tool message's `artifact` as well.
 *
 * @param options as of `search`: how many passages, and which documents may be found. A model cannot change them; the config of a call can.
 *
 * @example
 * const model = new ChatOpenAI({ model: 'gpt-5' }).bindTools([langChainSearchTool(tandem, { k: 5 })]);
 */
export function langChainSearchTool(
  parts: SearchingParts,
  options: LangChainSearchToolOptions = {},
): DynamicStructuredTool<typeof searchInput> {
  const { name = 'search', description = searchDescription, ...searchOptions } = options;
  return tool(
    async ({ query }: { query: string }, config: RunnableConfig): Promise<[string, FoundPassage[]]> => {
      const { passages } = await search(parts, query, { ...searchOptions, ...callOptionsOf(config) });
      const found = passages.map(foundPassage);
      return [found.map(passageText).join('\n\n') || 'Nothing was found.', found];
    },
    { name, description, schema: searchInput, responseFormat: 'content_and_artifact' },
  );
}

const passageText = ({ rank, uri, section, text, start, end }: FoundPassage) =>
  `[${rank}] ${section === '' ? '' : `${section} `}(${uri}:${start}–${end})\n${text}`;

function callOptionsOf(config: RunnableConfig | undefined): SearchOptions {
  const { signal, configurable } = config ?? {};
  const parsed = searchCallOptions.safeParse(configurable?.tandem ?? {});
  if (!parsed.success)
    throw new InvalidInputError({
      domain: 'runtime',
      where: 'configurable.tandem',
      message: `configurable.tandem is not understood: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}.`,
      hint: 'It takes k, access, documentIds and metadata.',
    });
  const { k, access, documentIds, metadata } = parsed.data;
  return {
    ...(k !== undefined && { k }),
    ...(access && { access }),
    ...(documentIds && { documentIds }),
    ...(metadata && { metadata }),
    ...(signal && { signal }),
  };
}

function documentOf(passage: Passage): DocumentInterface<PassageMetadata> {
  const { id, text, score } = passage;
  const { text: _text, ...place } = foundPassage(passage);
  return new Document<PassageMetadata>({ id, pageContent: text, metadata: { ...place, score } });
}
