import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { Catalog, DocumentSummary, IndexState } from '../catalog/catalog.ts';
import { separationOf } from '../index/measure-separation.ts';
import { localToolsOf } from '../models/local-tools.ts';
import type { ChunkTable } from '../store/chunk-table.ts';
import { foldedWords } from '../text/words.ts';
import { type NameIndex, nameIndexOf } from './names.ts';
import { oncePerCommit } from './once-per-commit.ts';
import { type Abbreviations, abbreviationsOf } from './spell-out.ts';

/** What the documents themselves teach about how to read a question. Derived, never stored. */
export interface Knowledge {
  abbreviations: Abbreviations;
  names: NameIndex;
  /** How well the embedder tells the passages apart. */
  separation: number;
  /** In the collection. */
  documents: number;
  /** ISO 639-1; undefined where it is not plain. */
  languageOf(documentId: string): string | undefined;
}

/** Documents whose passages are read for how common words are, and passages of them. */
const profiled = { documents: 500, passages: 6000 };

/** Read anew after each commit, at the first question. */
export function knowledgeOf({
  catalog,
  store,
  embedder,
  glossary,
}: {
  catalog: Catalog;
  store: Pick<ChunkTable, 'count' | 'scan'>;
  embedder: EmbeddingModelV4;
  glossary: readonly { abbreviation: string; longForm: string }[];
}): { at(state: IndexState): Promise<Knowledge> } {
  const once = oncePerCommit<Knowledge>();

  async function read(state: IndexState): Promise<Knowledge> {
    const documents = await catalog.documents.list();
    const tools = localToolsOf(embedder);
    const remembered = new Map<string, boolean>();
    // A word that is one token to the embedder is one that it has met.
    const isWord =
      tools &&
      ((word: string) => {
        let is = remembered.get(word);
        if (is === undefined) {
          if (remembered.size > 50_000) remembered.clear();
          is = tools.countTokens(word) === 1;
          remembered.set(word, is);
        }
        return is;
      });
    const chosen = spread(documents, profiled.documents);
    const at = { generation: state.generation, seq: state.committedSeq };
    const filter = { documentIds: chosen.map(({ id }) => id) };
    const every = Math.max(1, Math.ceil((await store.count(at, filter)) / profiled.passages));
    const passages = await Array.fromAsync(store.scan(at, filter, { every }));
    // Word → in how many of the documents it stands, and the last of them: passages are looked at document by document.
    const spreadOf = new Map<string, { documents: number; last: string }>();
    const byDocument = Map.groupBy(passages, ({ chunk }) => chunk.documentId);
    for (const [documentId, own] of byDocument)
      for (const { chunk } of own)
        for (const word of foldedWords(chunk.text)) {
          const spread = spreadOf.get(word);
          if (!spread) spreadOf.set(word, { documents: 1, last: documentId });
          else if (spread.last !== documentId) {
            spread.documents++;
            spread.last = documentId;
          }
        }
    const languages = new Map(documents.map(({ id, language }) => [id, language]));
    const everywhere = Math.max(3, (3 * chosen.length) / 100);
    const isEveryday = (word: string) =>
      (isWord?.(word) ?? true) && (spreadOf.get(word)?.documents ?? 0) >= everywhere;
    return {
      abbreviations: abbreviationsOf(documents, isWord, glossary, await catalog.documents.definitions()),
      names: nameIndexOf(
        documents,
        isWord,
        isEveryday,
        (word) => (spreadOf.get(word)?.documents ?? 0) / Math.max(1, chosen.length),
      ),
      separation: await separationOf(state, { store, embedder }),
      documents: documents.length,
      languageOf: (id) => languages.get(id),
    };
  }

  return {
    at: (state) => once({ generation: state.generation, seq: state.committedSeq }, () => read(state)),
  };
}

function spread(documents: readonly DocumentSummary[], count: number): DocumentSummary[] {
  if (documents.length <= count) return [...documents];
  return Array.from({ length: count }, (_, at) => documents[Math.floor((at * documents.length) / count)]!);
}
