/** A file breaks its format's rules. Becomes an `UnreadableDocumentError` where the document's name is known. */
export class DamagedFile extends Error {}

/** A file would take more memory than any real one of its kind: a "zip bomb", or a mistake. */
export class OversizedFile extends Error {}
