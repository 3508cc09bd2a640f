/** What a model wants before a question and before a document's text. */
export interface EmbedderPrefixes {
  query: string;
  document: string;
}

/**
 * The prefixes that a model was trained with, where its files do not say: GGUF has no key for them, and some repositories
 * only have them in their README. By what the model calls itself (`general.name`, or `_name_or_path` of config.json) and the
 * name that it was asked for by. The first line that matches one of the names counts; most models have no prefixes.
 */
export function knownPrefixes(names: readonly string[]): EmbedderPrefixes {
  for (const { name, query = '', document = '' } of known)
    if (names.some((given) => name.test(given))) return { query, document };
  return { query: '', document: '' };
}

const searchTask = 'Given a web search query, retrieve relevant passages that answer the query';
const representSentence = 'Represent this sentence for searching relevant passages: ';

/** Each from its maker's model card on the Hub. Spaces, hyphens and underscores are alike: converters write names in several ways. */
const known: readonly { name: RegExp; query?: string; document?: string }[] = [
  { name: /qwen3[\s_-]*embedding/i, query: `Instruct: ${searchTask}\nQuery:` },
  {
    name: /embedding[\s_-]*gemma/i,
    query: 'task: search result | query: ',
    document: 'title: none | text: ',
  },
  { name: /nomic[\s_-]*embed[\s_-]*text/i, query: 'search_query: ', document: 'search_document: ' },
  // Made from E5 and told by an instruction; a document has none.
  {
    name: /\be5\b.*instruct|\be5[\s_-]*mistral/i,
    query: `Instruct: ${searchTask}\nQuery: `,
  },
  {
    name: /(?:^|[/\s_-])(?:multilingual[\s_-]*)?e5[\s_-]*(?:small|base|large)/i,
    query: 'query: ',
    document: 'passage: ',
  },
  { name: /arctic[\s_-]*embed.*v2/i, query: 'query: ' },
  { name: /arctic[\s_-]*embed/i, query: representSentence },
  { name: /bge[\s_-]*(?:small|base|large)[\s_-]*en/i, query: representSentence },
  { name: /bge[\s_-]*(?:small|base|large)[\s_-]*zh/i, query: '为这个句子生成表示以用于检索相关文章：' },
  { name: /mxbai[\s_-]*embed[\s_-]*large/i, query: representSentence },
];
