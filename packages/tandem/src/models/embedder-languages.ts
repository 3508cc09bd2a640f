/** The languages that an embedder reads: ISO 639-1 codes, or `many` for a multilingual one whose maker does not list them. */
export type EmbedderLanguages = readonly string[] | 'many';

/** What a model's card or file lists: codes, or a word such as "multilingual". Undefined for an empty list, which says nothing. */
export function readLanguages(listed: readonly string[]): EmbedderLanguages | undefined {
  if (listed.some((code) => /^multi/.test(code))) return 'many';
  return listed.length > 0 ? listed : undefined;
}
