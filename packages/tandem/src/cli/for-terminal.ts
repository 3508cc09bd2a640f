/**
 * Text of documents and models as a terminal may be given it. Control characters can move its cursor, set its title or hide what stands before them: each becomes U+FFFD. Marks that
 * turn the direction of what follows (embeddings, overrides, isolates) are left out, since one that is never ended turns our own words on the line, too.
 */
export function forTerminal(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .replace(/[^\P{Cc}\t\n]/gu, '\ufffd')
    .replace(/[\u202a-\u202e\u2066-\u2069]/gu, '');
}
