import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { sha256 } from '../core/hash.ts';
import { mediaTypeOf, readableExtensions } from '../core/media-type.ts';
import type { Block, Document } from '../core/types/document.ts';
import { aliasesOf } from './aliases.ts';
import { decodeText } from './decode-text.ts';
import { headingText, parseMarkdown } from './markdown.ts';
import { textBlocks } from './text.ts';

export interface ParseInput {
  uri: string;
  bytes: Uint8Array;
  /** Without it the uri's extension decides. */
  mediaType?: string;
  /** The source's access label, for documents that do not carry their own. */
  access?: string;
  signal?: AbortSignal;
}

/** What a format's parser gives; the rest of a Document is the same for all formats. */
export interface ParsedBody {
  text: string;
  blocks: Block[];
  title?: string;
  aliases?: string[];
  metadata?: Record<string, string>;
}

/**
 * Bytes to a document: Markdown, plain text, HTML or PDF. Line ends become `\n`, Markdown's text is the body as written,
 * HTML's and PDF's is written anew with their structure kept; block offsets are exact into `text` in every case.
 *
 * Throws `UnreadableDocumentError` (empty, binary, scanned, encrypted, damaged, front matter, media type).
 */
export async function parseDocument(input: ParseInput): Promise<Document> {
  const { uri, bytes, signal } = input;
  signal?.throwIfAborted();
  const mediaType = (input.mediaType ?? mediaTypeOf(uri))?.replace(/;.*$/s, '').trim().toLowerCase();
  if (bytes.length === 0) throw emptyDocument(uri);
  const body = await parseBody(mediaType, input);
  // Rules and marks alone are no text.
  if (body.blocks.length === 0) throw emptyDocument(uri);

  const { id, title: givenTitle, access, ...metadata } = body.metadata ?? {};
  const title = (givenTitle ?? body.title ?? firstHeading(body)).trim() || fileTitle(uri);
  return {
    id: id?.trim() || uri,
    uri,
    title,
    mediaType: mediaType!,
    text: body.text,
    blocks: body.blocks,
    aliases: aliasesOf(title, body.text, body.blocks, body.aliases ?? []),
    metadata,
    contentHash: sha256(bytes),
    access: access ?? input.access ?? 'public',
  };
}

async function parseBody(mediaType: string | undefined, input: ParseInput): Promise<ParsedBody> {
  const { uri, bytes } = input;
  switch (mediaType) {
    case 'text/markdown':
    case 'text/x-markdown': {
      const { text, encoding } = decodeText(bytes, uri);
      const { frontMatter, ...body } = parseMarkdown(text, uri);
      return { ...body, metadata: { ...frontMatter, ...encodingNote(encoding) } };
    }
    case 'text/plain': {
      const { text, encoding } = decodeText(bytes, uri);
      return { text, blocks: textBlocks(text), metadata: encodingNote(encoding) };
    }
    case 'text/html':
    case 'application/xhtml+xml': {
      const { parseHtml } = await import('./html.ts');
      return parseHtml(bytes, uri, input.mediaType);
    }
    case 'application/pdf': {
      const { parsePdf } = await import('./pdf.ts');
      return parsePdf(bytes, uri, input.signal);
    }
    default:
      throw new UnreadableDocumentError({
        uri,
        reason: 'media type',
        message: `${uri} is ${mediaType ? `of type ${mediaType}` : 'of no known type'}, which Tandem does not read.`,
        hint: `It reads ${readableExtensions.map((extension) => `.${extension}`).join(', ')}: convert the file or exclude it.`,
      });
  }
}

/** UTF-8 is what one expects; anything else, guessed or declared, is told. */
function encodingNote(encoding: string): Record<string, string> {
  return encoding === 'utf-8' ? {} : { encoding };
}

function firstHeading({ text, blocks }: ParsedBody): string {
  const headings = blocks.filter((block) => block.kind === 'heading');
  const heading = headings.find((block) => block.level === 1) ?? headings[0];
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

function emptyDocument(uri: string): UnreadableDocumentError {
  return new UnreadableDocumentError({
    uri,
    reason: 'empty',
    message: `${uri} is empty: there is no text in it.`,
    hint: 'Fill it, delete it, or exclude it from the source.',
  });
}
