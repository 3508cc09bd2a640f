import type { Reading } from '../core/reading.ts';
import type { Block } from '../core/types/document.ts';

/** A file to parse: its bytes, and the uri that messages and titles name it by. */
export interface ParseInput {
  uri: string;
  bytes: Uint8Array;
  /** Without it the uri's extension decides. */
  mediaType?: string;
  /** The source's access label, for documents that do not carry their own. */
  access?: string;
  /** What the source says of how its files are to be read. */
  reading?: Reading;
  signal?: AbortSignal;
  /** Called as the pages of a PDF are read, which can take minutes: the page's number, from 1, and how many there are; the last may come again. */
  onPage?: (page: number, pages: number) => void;
}

/** What a format's parser gives; the rest of a Document is the same for all formats. */
export interface ParsedBody {
  text: string;
  blocks: Block[];
  title?: string;
  aliases?: string[];
  metadata?: Record<string, string>;
}
