/** The languages that an embedder reads: ISO 639-1 codes, or `many` for a multilingual one whose maker does not list them. */
export type EmbedderLanguages = readonly string[] | 'many';
