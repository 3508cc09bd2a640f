import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { sha256 } from '../core/hash.ts';
import { mediaTypeOf } from '../core/media-type.ts';
import { type Reading, readingMark } from '../core/reading.ts';
import type { Document } from '../core/types/document.ts';
import { aliasesOf } from './aliases.ts';
import { latin1 } from './latin1.ts';
import { headingText } from './markdown.ts';
import { parseBody } from './parse-body.ts';
import type { ParsedBody, ParseInput } from './parsed-body.ts';
import { parseInThread } from './parser-thread.ts';

export type { ParseInput };

/**
 * Bytes to a document: Markdown, MDX, plain text, HTML, PDF, Word, PowerPoint, Excel, CSV, JSON. Line ends become `\n`; the text of
 * Markdown and plain text is the body as written, that of the other formats is written as Markdown with their structure
 * kept; block offsets are exact into `text` in every case. What can send its parser astray is read in a thread that can be
 * ended (see `parseInThread`).
 *
 * Throws `UnreadableDocumentError`: one sentence that says what is wrong with the file and what to do.
 *
 * @example
 * const bytes = new TextEncoder().encode('<h1>Leave</h1><p>Everybody has 30 days.</p>');
 * const { title, text, blocks } = await parseDocument({ uri: 'leave.html', bytes });
 */
export async function parseDocument(input: ParseInput): Promise<Document> {
  const { uri, bytes, signal } = input;
  signal?.throwIfAborted();
  const mediaType = (input.mediaType ?? mediaTypeOf(uri))?.replace(/;.*$/s, '').trim().toLowerCase();
  if (bytes.length === 0) throw emptyDocument(uri);
  const body = await (isTame(mediaType, bytes) ? parseBody : parseInThread)(mediaType, input);
  // Rules and marks alone are no text.
  if (body.blocks.length === 0)
    throw isMadeByScripts(mediaType, bytes) ? scriptedPage(uri) : emptyDocument(uri);

  const { id, title: givenTitle, access, ...metadata } = body.metadata ?? {};
  const title =
    (givenTitle ?? body.title ?? firstHeading(body)).trim() || subjectOf(metadata) || fileTitle(uri);
  return {
    id: (input.reading?.id !== 'uri' && id?.trim()) || uri,
    uri,
    title,
    mediaType: mediaType!,
    text: body.text,
    blocks: body.blocks,
    aliases: aliasesOf(title, body.text, body.blocks, body.aliases ?? []),
    metadata,
    contentHash: contentHashOf(bytes, input.reading),
    access: access ?? input.access ?? 'public',
  };
}

/** Of a file's bytes, and of how they are read: read in another way they are another version of the document. */
export function contentHashOf(bytes: Uint8Array, reading?: Reading): string {
  const mark = readingMark(reading);
  return mark === '' ? sha256(bytes) : sha256(`${sha256(bytes)} ${mark}`);
}

/** Read in one pass over the text: no thread is needed to end it. */
function isTame(mediaType: string | undefined, bytes: Uint8Array): boolean {
  if (/^text\/(?:(?:x-)?markdown|plain)$/.test(mediaType ?? '')) return true;
  return /^text\/(?:csv|tab-separated-values)$|json/.test(mediaType ?? '') && bytes.length < 2 ** 20;
}

/** What a document without a title is about: the front matter's `focus`, else the words its address ends with. */
function subjectOf({ focus, url }: Record<string, string>): string {
  if (focus?.trim()) return focus.trim();
  const name = fileTitle(url?.replace(/[?#].*$/s, '').replace(/\/(?:index\.\w+)?$/i, '') ?? '');
  // An address often ends with a number, which says nothing.
  return /\p{L}{3}/u.test(name) ? name : '';
}

/** The first heading of the first level, or one that begins the text and is above all others: any other heading names a section. */
function firstHeading({ text, blocks }: ParsedBody): string {
  const headings = blocks.filter((block) => block.kind === 'heading');
  const [first, ...others] = headings;
  const heading =
    headings.find(({ level }) => level === 1) ??
    (first === blocks[0] && others.every(({ level }) => level! > first!.level!) ? first : undefined);
  return heading ? headingText(text.slice(heading.start, heading.end)) : '';
}

function fileTitle(uri: string): string {
  const name = uri.split(/[/\\]/).filter(Boolean).at(-1) ?? uri;
  return (
    name
      .replace(/\.[^.]+$/, '')
      .replace(/[_-]+/g, ' ')
      .trim() || uri
  );
}

/** A page of which only scripts know what it says. */
function isMadeByScripts(mediaType: string | undefined, bytes: Uint8Array): boolean {
  return /html/.test(mediaType ?? '') && /<script\b/i.test(latin1(bytes));
}

function scriptedPage(uri: string): UnreadableDocumentError {
  return new UnreadableDocumentError({
    uri,
    reason: 'empty',
    message: `${uri} has no text of its own: scripts fill it in a browser, and Tandem runs none.`,
    hint: 'Look for an address that gives the text itself (a sitemap, a feed, an export, an API for a json source), or exclude it.',
  });
}

function emptyDocument(uri: string): UnreadableDocumentError {
  return new UnreadableDocumentError({
    uri,
    reason: 'empty',
    message: `${uri} is empty: there is no text in it.`,
    hint: 'Fill it, delete it, or exclude it from the source.',
  });
}
