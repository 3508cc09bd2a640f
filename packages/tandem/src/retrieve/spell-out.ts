import type { DocumentSummary } from '../catalog/catalog.ts';
import type { ChunkFilter } from '../store/chunk-table.ts';
import { isAdmitted } from './admitted.ts';

/**
 * An embedder that never met "ABL" places it anywhere; the documents often say what it stands for ("Also called: ABL"). So
 * before a query is embedded, abbreviations that documents list among their other names are spelt out with those documents'
 * titles. On MedQuAD's train questions by abbreviation, n = 300 and 600 documents, the right document came first for 95 %
 * instead of 79 % (`bench/retrieve.ts`).
 */
export interface Abbreviations {
  /** Titles that the query's abbreviations may stand for, of documents that the filter admits, and the glossary's long forms. */
  meanings(query: string, filter: ChunkFilter): string[];
}

/** An abbreviation of more documents than this says too little about which is meant. */
const mostMeanings = 4;

/**
 * @param isWord whether the embedder knows a lower-case word as it is: "charge" is a word, whatever CHARGE syndrome is called,
 * and "abl" is not. Without it only abbreviations written as the document writes them are spelt out.
 */
export function abbreviationsOf(
  documents: readonly DocumentSummary[],
  isWord: (word: string) => boolean = () => true,
  glossary: readonly { abbreviation: string; longForm: string }[] = [],
): Abbreviations {
  const longForms = new Map<string, string[]>();
  for (const { abbreviation, longForm } of glossary)
    for (const form of new Set([abbreviation, abbreviation.toLowerCase()]))
      longForms.set(form, [...(longForms.get(form) ?? []), longForm]);
  const byForm = new Map<string, DocumentSummary[]>();
  const add = (form: string, document: DocumentSummary) => {
    const list = byForm.get(form);
    if (list) list.push(document);
    else byForm.set(form, [document]);
  };
  for (const document of documents)
    for (const alias of new Set(document.aliases.filter(isAbbreviation))) {
      add(alias, document);
      if (alias.toLowerCase() !== alias) add(alias.toLowerCase(), document);
    }

  return {
    meanings(query, filter) {
      const shouting = query === query.toUpperCase() && /[\p{L}\p{N}]\s+[\p{L}\p{N}]/u.test(query);
      const titles = new Set<string>();
      for (const [word] of query.matchAll(wordPattern)) {
        const lower = word.toLowerCase();
        // Capitals in a query that is all capitals are no sign of an abbreviation.
        const form = word !== lower && !shouting ? word : isWord(lower) ? undefined : lower;
        const admitted = (form === undefined ? [] : (byForm.get(form) ?? [])).filter((document) =>
          isAdmitted(document, filter),
        );
        const meanings = new Set(admitted.map(({ title }) => title));
        if (meanings.size <= mostMeanings)
          for (const title of meanings) if (!says(titles, title)) titles.add(title);
        const given = form === undefined ? [] : (longForms.get(form) ?? []);
        if (given.length <= mostMeanings) for (const long of given) if (!says(titles, long)) titles.add(long);
      }
      return [...titles];
    },
  };
}

const wordPattern = /[\p{L}\p{N}]+(?:[.-][\p{L}\p{N}]+)*/gu;

/** "ABL", "MSUD", "SCA17", "HbS", "T-ALL": one short word with two capitals or a capital and a digit. */
function isAbbreviation(name: string): boolean {
  return name.length <= 12 && /^\p{L}[\p{L}\p{N}.-]*$/u.test(name) && /\p{Lu}.*[\p{Lu}\p{N}]/u.test(name);
}

function says(titles: ReadonlySet<string>, longForm: string): boolean {
  return [...titles].some((title) => title.toLowerCase() === longForm.toLowerCase());
}
