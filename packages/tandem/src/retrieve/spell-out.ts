import type { DocumentCatalog, DocumentSummary } from '../catalog/catalog.ts';
import type { ChunkFilter } from '../store/chunk-table.ts';
import { isAbbreviation } from '../text/abbreviation-form.ts';
import { comparableLongForm } from '../text/abbreviations.ts';
import { isAdmitted } from './admitted.ts';

/**
 * An embedder that never met "ABL" places it anywhere; the documents often say what it stands for ("Also called: ABL"). So
 * before a query is embedded, abbreviations that documents list among their other names are spelt out with those documents'
 * titles. An abbreviation that no document lists may be defined in a text: "business continuity plan (BCP)".
 */
export interface Abbreviations {
  /**
   * Titles that the query's abbreviations may stand for, of documents that the filter admits, and the glossary's long forms; for
   * an abbreviation with neither, the long form that most of the admitted documents' texts define. Each long form once.
   */
  meanings(query: string, filter: ChunkFilter): Meaning[];
}

/** What an abbreviation in a query may stand for. */
export interface Meaning {
  longForm: string;
  /** Where the abbreviation first is in the query, in UTF-16 code units. */
  start: number;
  end: number;
}

export const longFormsOf = (meanings: readonly Meaning[]): string[] =>
  meanings.map(({ longForm }) => longForm);

/** The query, and in brackets what its abbreviations may stand for. */
export function spellOut(query: string, longForms: readonly string[]): string {
  return longForms.length > 0 ? `${query} (${[...new Set(longForms)].join('; ')})` : query;
}

type Defined = Awaited<ReturnType<DocumentCatalog['definitions']>>;

/** An abbreviation of more documents than this says too little about which is meant. */
const mostMeanings = 4;

/**
 * @param isWord whether the embedder knows a lower-case word as it is: "charge" is a word, whatever CHARGE syndrome is called,
 * and "abl" is not. Without it only abbreviations written as the document writes them are spelt out.
 * @param defined what documents' texts define: the catalogue's look-up.
 */
export function abbreviationsOf(
  documents: readonly DocumentSummary[],
  isWord: (word: string) => boolean = () => true,
  glossary: readonly { abbreviation: string; longForm: string }[] = [],
  defined: Defined = () => [],
): Abbreviations {
  const longForms = new Map<string, string[]>();
  for (const { abbreviation, longForm } of glossary)
    for (const form of new Set([abbreviation, abbreviation.toLowerCase()]))
      longForms.set(form, [...(longForms.get(form) ?? []), longForm]);
  const byForm = new Map<string, DocumentSummary[]>();
  const addForm = (form: string, document: DocumentSummary) => {
    const list = byForm.get(form);
    if (list) list.push(document);
    else byForm.set(form, [document]);
  };
  for (const document of documents)
    for (const alias of new Set(document.aliases.filter(isAbbreviation))) {
      addForm(alias, document);
      if (alias.toLowerCase() !== alias) addForm(alias.toLowerCase(), document);
    }

  return {
    meanings(query, filter) {
      const shouting = query === query.toUpperCase() && /[\p{L}\p{N}]\s+[\p{L}\p{N}]/u.test(query);
      const found: Meaning[] = [];
      for (const { 0: word, index: start } of query.matchAll(wordPattern)) {
        const add = (longForm: string) => {
          const key = longForm.toLowerCase();
          if (found.every((meaning) => meaning.longForm.toLowerCase() !== key))
            found.push({ longForm, start, end: start + word.length });
        };
        const lower = word.toLowerCase();
        // Capitals in a query that is all capitals are no sign of an abbreviation.
        const form = word !== lower && !shouting ? word : isWord(lower) ? undefined : lower;
        if (form === undefined) continue;
        const admitted = (byForm.get(form) ?? []).filter((document) => isAdmitted(document, filter));
        const meanings = new Set(admitted.map(({ title }) => title));
        if (meanings.size <= mostMeanings) for (const title of meanings) add(title);
        const given = longForms.get(form) ?? [];
        if (given.length <= mostMeanings) for (const longForm of given) add(longForm);
        if (admitted.length + given.length > 0) continue;
        const inTexts = mostDefined(form, defined(form, filter));
        if (inTexts.length <= mostMeanings) for (const longForm of inTexts) add(longForm);
      }
      return found;
    },
  };
}

/** What most documents define; several where as many define each. Spellings of one long form are counted together. */
function mostDefined(form: string, definitions: ReturnType<Defined>): string[] {
  const counted = new Map<string, { longForm: string; documents: number }>();
  for (const { abbreviation, longForm, documents } of definitions) {
    // As with names: written in capitals it is the one so written, in lower case any.
    if (form !== abbreviation && form !== abbreviation.toLowerCase()) continue;
    const key = comparableLongForm(longForm);
    const count = counted.get(key);
    // The first is the most frequent spelling.
    if (count) count.documents += documents;
    else counted.set(key, { longForm, documents });
  }
  const most = Math.max(0, ...[...counted.values()].map(({ documents }) => documents));
  return [...counted.values()].filter(({ documents }) => documents === most).map(({ longForm }) => longForm);
}

const wordPattern = /[\p{L}\p{N}]+(?:[.-][\p{L}\p{N}]+)*/gu;
