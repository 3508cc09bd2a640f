import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { Catalog } from '../catalog/catalog.ts';
import { listed } from '../core/listed.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { canRead, measureReading } from '../models/measure-reading.ts';
import { knownModels } from '../models/registry.ts';
import { languageName } from '../text/language.ts';

/** Documents in a language that the embedder does not read: what that means, and what to do. */
export interface LanguageWarning {
  message: string;
  hint: string;
}

/** A smaller share of the documents is not worth a word. */
const leastShare = 0.1;
/** Documents of a language that are read to measure how the tokenizer gets on with it, and characters of each. */
const measuredDocuments = 5;
const measuredCharacters = 4000;

/**
 * Whether the embedder reads the languages of the index's documents: by what its files, the registry or `models.embedderOptions.languages`
 * say, else by how its tokenizer gets on with the documents. Undefined where it does, where nothing is known of the documents, and for a
 * hosted embedder, which tells nothing.
 */
export async function checkEmbedderLanguage({
  catalog,
  embedder,
  signal,
}: {
  catalog: Pick<Catalog, 'documents'>;
  embedder: EmbeddingModelV4;
  signal?: AbortSignal;
}): Promise<LanguageWarning | undefined> {
  const tools = localToolsOf(embedder);
  if (!tools || tools.languages === 'many') return undefined;
  const counts = (await catalog.documents.countByLanguage()).flatMap(({ language, documents }) =>
    language === undefined ? [] : [{ language, documents }],
  );
  const all = counts.reduce((sum, { documents }) => sum + documents, 0);
  const unread: { language: string; documents: number }[] = [];
  for (const count of counts) {
    // The rest together may still be a share worth a word, and languages with fewer documents are not measured one by one.
    if (tools.languages ? !tools.languages.includes(count.language) : await isSpelt(count.language))
      unread.push(count);
  }
  const documents = unread.reduce((sum, count) => sum + count.documents, 0);
  if (documents === 0 || documents < leastShare * all) return undefined;
  const named = unread.slice(0, 3).map(({ language }) => languageName(language));
  const others = unread.length > named.length ? ' and others' : '';
  const reads = tools.languages
    ? `reads ${listed(tools.languages.map(languageName))}`
    : 'was not made for it: its tokenizer spells the words letter by letter or does not know the letters';
  return {
    message: `${share(documents / all)} of your documents ${documents === 1 ? 'is' : 'are'} in ${others ? named.join(', ') : listed(named)}${others}; the embedder ${embedder.modelId} ${reads}. Search by meaning will not help there, words decide.`,
    hint: `Use a multilingual embedder, such as ${listed(multilingual(), 'or')} (docs/models.md): models.embedder in the config, then ingest again. If this one does read ${named.length === 1 && !others ? 'it' : 'them'}, say so in models.embedderOptions.languages.`,
  };

  /** Only a language of which there is enough to be worth a word is measured, on some of its documents. */
  async function isSpelt(language: string): Promise<boolean> {
    const count = counts.find((each) => each.language === language)!;
    if (count.documents < leastShare * all) return false;
    let text = '';
    for (const id of await catalog.documents.idsInLanguage(language, measuredDocuments)) {
      signal?.throwIfAborted();
      const document = await catalog.documents.get(id);
      text += `${document?.text.slice(0, measuredCharacters) ?? ''}\n`;
    }
    const reading = measureReading(tools!, text);
    return reading !== undefined && !canRead(reading);
  }
}

const multilingual = () =>
  knownModels.flatMap(({ name, kind, languages }) =>
    kind === 'embedder' && languages === 'many' ? [`local:${name}`] : [],
  );

const share = (part: number) => (part > 0.5 ? 'Most' : `${Math.round(100 * part)} %`);
