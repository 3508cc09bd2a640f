import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { readableExtensions } from '../core/media-type.ts';
import { DamagedArchive } from '../core/zip-directory.ts';
import { decodeText, encodingMetadata } from './decode-text.ts';
import { splitFrontMatter } from './front-matter.ts';
import { latin1 } from './latin1.ts';
import { markdownBlocks, parseMarkdown } from './markdown.ts';
import { isCompoundFile, openCompoundFile } from './office/compound-file.ts';
import { DamagedFile, OversizedFile } from './office/damaged.ts';
import type { ParsedBody, ParseInput } from './parsed-body.ts';
import { textBlocks } from './text.ts';

const wordTypes =
  /^application\/(?:msword|vnd\.openxmlformats-officedocument\.wordprocessingml\.document|vnd\.ms-word\.document\.macroenabled\.12)$/;
const slideTypes =
  /^application\/vnd\.(?:openxmlformats-officedocument\.presentationml\.(?:presentation|slideshow)|ms-powerpoint\.presentation\.macroenabled\.12)$/;
const sheetTypes =
  /^application\/vnd\.(?:openxmlformats-officedocument\.spreadsheetml\.sheet|ms-excel\.sheet\.macroenabled\.12)$/;

/** Reads a format's text and structure, in this thread. Parsers are loaded when their first document comes. */
export async function parseBody(mediaType: string | undefined, input: ParseInput): Promise<ParsedBody> {
  try {
    return await bodyOf(mediaType, input);
  } catch (cause) {
    if (!(cause instanceof OversizedFile)) throw cause;
    throw new UnreadableDocumentError({
      uri: input.uri,
      reason: 'too large',
      message: `${input.uri} is no ordinary document: ${cause.message}.`,
      hint: 'If you trust it, split it or save it again with the program it comes from; else exclude it from the source.',
      cause,
    });
  }
}

async function bodyOf(mediaType: string | undefined, input: ParseInput): Promise<ParsedBody> {
  const { uri, bytes, reading = {} } = input;
  const named = reading.encoding;
  if (mediaType !== undefined && wordTypes.test(mediaType)) return wordBody(input);
  if (mediaType !== undefined && slideTypes.test(mediaType)) {
    const { parsePptx } = await import('./pptx.ts');
    return officeBody(uri, 'presentation', bytes, () => parsePptx(bytes));
  }
  if (mediaType !== undefined && sheetTypes.test(mediaType)) {
    const { parseXlsx } = await import('./xlsx.ts');
    return officeBody(uri, 'workbook', bytes, () => parseXlsx(bytes, reading));
  }
  switch (mediaType) {
    case 'text/markdown':
    case 'text/x-markdown': {
      const { text, ...decoded } = decodeText(bytes, uri, { named });
      const { frontMatter, ...body } = parseMarkdown(text, uri);
      return { ...body, metadata: { ...frontMatter, ...encodingMetadata(decoded) } };
    }
    case 'text/mdx': {
      const { text, ...decoded } = decodeText(bytes, uri, { named });
      const { fields, aliases, body } = splitFrontMatter(text, uri);
      const { markdownOfMdx } = await import('./mdx.ts');
      const markdown = markdownOfMdx(body);
      const metadata = { ...fields, ...encodingMetadata(decoded) };
      return { text: markdown, blocks: markdownBlocks(markdown), aliases, metadata };
    }
    case 'text/plain': {
      const { text, ...decoded } = decodeText(bytes, uri, { named });
      return { text, blocks: textBlocks(text), metadata: encodingMetadata(decoded) };
    }
    case 'text/html':
    case 'application/xhtml+xml': {
      const { parseHtml } = await import('./html.ts');
      return parseHtml(bytes, uri, {
        named,
        ...(input.mediaType !== undefined && { mediaType: input.mediaType }),
      });
    }
    case 'application/pdf': {
      const { parsePdf } = await import('./pdf.ts');
      return parsePdf(bytes, uri, input);
    }
    case 'text/csv':
    case 'text/tab-separated-values': {
      const { parseCsv } = await import('./csv.ts');
      return parseCsv(bytes, uri, { named, delimiter: mediaType === 'text/csv' ? undefined : '\t' });
    }
    case 'application/json': {
      const { parseJson } = await import('./json.ts');
      return parseJson(bytes, uri, { named });
    }
    case 'application/jsonl':
    case 'application/x-ndjson': {
      const { parseJsonLines } = await import('./json.ts');
      return parseJsonLines(bytes, uri, { named });
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

/** Word's files by what they are: programs save all kinds of things as .doc. */
async function wordBody({ uri, bytes, reading }: ParseInput): Promise<ParsedBody> {
  const head = latin1(bytes.subarray(0, 1024)).trimStart();
  if (head.startsWith('{\\rtf')) {
    throw new UnreadableDocumentError({
      uri,
      reason: 'media type',
      message: `${uri} is in Rich Text Format, which Tandem does not read.`,
      hint: 'Open it in Word or LibreOffice and save it as .docx.',
    });
  }
  if (/^(?:\xef\xbb\xbf)?<(?:!doctype html|html)/i.test(head)) {
    const { parseHtml } = await import('./html.ts');
    return parseHtml(bytes, uri, { named: reading?.encoding });
  }
  if (isCompoundFile(bytes)) {
    const { parseDoc } = await import('./doc.ts');
    return officeBody(uri, 'Word document', bytes, () => parseDoc(bytes, uri));
  }
  if (head.startsWith('%PDF-'))
    throw new UnreadableDocumentError({
      uri,
      reason: 'media type',
      message: `${uri} is a PDF, whatever its name says.`,
      hint: 'Name it .pdf.',
    });
  if (!head.startsWith('PK')) {
    throw new UnreadableDocumentError({
      uri,
      reason: 'media type',
      message: `${uri} is no Word document: it begins as neither .docx nor .doc files do.`,
      hint: 'Give it the ending of what it is, or exclude it from the source.',
    });
  }
  const { parseDocx } = await import('./docx.ts');
  return officeBody(uri, 'Word document', bytes, () => parseDocx(bytes));
}

function officeBody(uri: string, kind: string, bytes: Uint8Array, parse: () => ParsedBody): ParsedBody {
  try {
    if (isCompoundFile(bytes) && openCompoundFile(bytes).names.includes('EncryptedPackage')) {
      throw new UnreadableDocumentError({
        uri,
        reason: 'encrypted',
        message: `${uri} is locked with a password.`,
        hint: 'Open it, take the password off, and save it again.',
      });
    }
    return parse();
  } catch (cause) {
    // Numbers in a damaged file lead readers of bytes outside of it.
    const isOutside = cause instanceof RangeError && (cause as NodeJS.ErrnoException).code !== undefined;
    const isDamaged = cause instanceof DamagedFile || cause instanceof DamagedArchive;
    if (!(isDamaged || isOutside)) throw cause;
    throw new UnreadableDocumentError({
      uri,
      reason: 'damaged',
      message: `${uri} is not a whole ${kind}: ${isOutside ? 'its parts lead outside the file' : cause.message}.`,
      hint: 'Download or export it again; the program it comes from may be able to open and fix it.',
      cause,
    });
  }
}
