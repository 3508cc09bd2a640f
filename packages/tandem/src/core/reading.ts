/** What a source says about how its files are to be read, where the files themselves do not tell. */
export interface Reading {
  /**
   * Encoding of text files (Encoding Standard, such as `shift_jis`) that neither begin with a byte order mark nor are in UTF-8. Default: by
   * what they declare or look like.
   */
  encoding?: string;
  /** What becomes of a workbook's hidden rows, columns and sheets. Default: they are left out. */
  hiddenCells?: 'omit' | 'read';
  /** What a document is known by. Default: the id that it says it has (front matter), else its uri; `uri`: always that. */
  id?: 'own' | 'uri';
}

/** The same for the same reading, and empty for the default one: part of what a document's version is known by. */
export function readingMark({ encoding, hiddenCells, id }: Reading = {}): string {
  return [
    ...(encoding === undefined ? [] : [`encoding ${encoding.toLowerCase()}`]),
    ...(hiddenCells === 'read' ? ['hidden cells'] : []),
    ...(id === 'uri' ? ['known by its uri'] : []),
  ].join(', ');
}

/** Whether the platform can decode this encoding. */
export function isKnownEncoding(name: string): boolean {
  return encodingCalled(name) !== undefined;
}

/** An encoding's name in the Encoding Standard, by that or another of its names; undefined for one that the platform cannot decode. */
export function encodingCalled(name: string): string | undefined {
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return undefined;
  }
}
