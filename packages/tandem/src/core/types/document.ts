/** A structural unit of a document; `[start, end)` are UTF-16 offsets into `Document.text`. */
export interface Block {
  kind: 'heading' | 'paragraph' | 'list' | 'table' | 'code' | 'caption';
  start: number;
  end: number;
  /** Headings only: 1 for the document's title, 6 for the deepest. */
  level?: number;
  /** Paged media only: page number from 1, where the block begins. A presentation's slides are pages. */
  page?: number;
  /**
   * PDF only: where its lines are, six whole numbers for each: offset of the line's text from `start`, page, and left, top,
   * right, bottom in points from the top left corner of the page as shown. `pageRectangles` makes rectangles of a span.
   */
  lines?: number[];
}

/** One parsed document. All offsets anywhere in Tandem count UTF-16 units of `text`, so `text.slice(start, end)` is exact. */
export interface Document {
  /** The front matter's `id` where there is one, else the uri. Unique in a project. */
  id: string;
  uri: string;
  title: string;
  mediaType: string;
  text: string;
  blocks: Block[];
  /** Other names of what the document is about ("Also called", front matter `aliases`). Embedded with every chunk. */
  aliases: string[];
  metadata: Record<string, string>;
  /** SHA-256 of the source's bytes. */
  contentHash: string;
  /** Access label; who holds it is resolved at query time. */
  access: string;
}

/** A span of one document: what is embedded and retrieved. `document.text.slice(start, end) === text`. */
export interface Chunk {
  /** `${documentId}#${ordinal}` */
  id: string;
  documentId: string;
  ordinal: number;
  start: number;
  end: number;
  text: string;
  /** Title first, then the headings above the span. */
  headingPath: string[];
  page?: number;
  /** The larger span of the document that is returned when this one is found (`chunk.strategy: 'parent-child'`). */
  parent?: { start: number; end: number };
  /** What was embedded before the text: "Title (ABL; other name): Heading". Shown to the model as the passage's name. */
  prefix?: string;
}

/** How far a document can be relied on to be what its source says. Times are ISO 8601, UTC. */
export interface Freshness {
  /** When the document was last seen in its source with this content. */
  seenAt: string;
  /** When the document was first read with the content that it has now. */
  changedAt: string;
}

/** A retrieved chunk. Absent scores were not asked for (a lexical-only search has no `dense`). */
export interface Passage extends Chunk {
  uri: string;
  title: string;
  rank: number;
  score: number;
  scores: {
    dense?: number;
    lexical?: number;
    fused?: number;
    rerank?: number;
    /** How surely the question names the document, from 0 to 1. */
    named?: number;
  };
  freshness?: Freshness;
}
