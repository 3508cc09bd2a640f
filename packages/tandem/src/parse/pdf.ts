import { readFile } from 'node:fs/promises';
import { getDocumentProxy, getResolvedPDFJS } from 'unpdf';
import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import type { ParsedBody, ParseInput } from './parsed-body.ts';
import { type Fragment, layOutPage, type PageLine } from './pdf-layout.ts';
import { outlineKey, writePages } from './pdf-structure.ts';
import { plausibleTitle } from './plausible-title.ts';

/**
 * A PDF's text in reading order, with page numbers on its blocks: columns one after the other, tables row by row as pipe
 * rows, running heads and page numbers dropped, words mended that a line's end had hyphenated, headings by the outline
 * and by their type. Nothing is recognised in images: where no page has text the document is an error; where some have none
 * `metadata` names them, `pagesWithoutText` for those that show something (a scan) and `pagesDamaged` for those that could
 * not be read.
 *
 * Throws `UnreadableDocumentError` with the reasons scanned, encrypted, damaged, character map.
 */
export async function parsePdf(
  bytes: Uint8Array,
  uri: string,
  { signal, onPage }: Pick<ParseInput, 'signal' | 'onPage'> = {},
): Promise<ParsedBody> {
  const { VerbosityLevel } = await getResolvedPDFJS();
  const characterMaps = new CharacterMaps();
  // pdf.js takes the buffer it is given for its own, so it gets a copy.
  const pdf = await getDocumentProxy(new Uint8Array(bytes), {
    verbosity: VerbosityLevel.ERRORS,
    // Nothing is fetched for a document's text, and a form's layout program is not run.
    useWorkerFetch: false,
    cMapUrl: 'cmaps/',
    cMapPacked: true,
    BinaryDataFactory: characterMaps.factory,
    enableXfa: false,
  }).catch((cause: unknown) => {
    throw openingError(cause, uri);
  });
  try {
    const pages: PageLine[][] = [];
    const damaged = new Map<number, unknown>();
    for (let number = 1; number <= pdf.numPages; number++) {
      signal?.throwIfAborted();
      onPage?.(number, pdf.numPages);
      try {
        const page = await pdf.getPage(number);
        const { items } = await page.getTextContent();
        const viewport = page.getViewport({ scale: 1 });
        const fragments: Fragment[] = [];
        for (const item of items) {
          if ('str' in item) fragments.push(fragmentOf(item, viewport.transform as Matrix));
        }
        pages.push(layOutPage(fragments, { width: viewport.width, height: viewport.height }));
        page.cleanup();
      } catch (cause) {
        // The other pages may be whole: a page is lost only by name (`pagesDamaged`).
        damaged.set(number, cause);
        pages.push([]);
      }
    }
    const [missing] = characterMaps.missing;
    if (missing !== undefined) {
      throw new UnreadableDocumentError({
        uri,
        reason: 'character map',
        message: `${uri} has text in fonts that need the character map ${missing}, which is not installed: that text would be lost.`,
        hint: 'Install pdf.js with its character maps (`npm install pdfjs-dist`) and run the same command again.',
      });
    }
    const withoutText = pages.flatMap((lines, index) => (lines.length === 0 ? [index + 1] : []));
    if (withoutText.length === pages.length) {
      if (damaged.size > 0) throw openingError([...damaged.values()][0], uri);
      throw new UnreadableDocumentError({
        uri,
        reason: 'scanned',
        message: `${uri}: page 1 has no text${pages.length > 1 ? `, nor has any of the other ${pages.length - 1}` : ''}: it is probably scanned.`,
        hint: 'Run OCR first (for example `ocrmypdf in.pdf out.pdf`) and ingest its result.',
      });
    }
    const outline = await outlineOf(pdf);
    const { text, blocks, title, runningHead } = writePages(pages, outline, uri.split(/[\\/]/).at(-1));
    const metadata = await metadataOf(pdf);
    metadata.pages = String(pages.length);
    const shown: number[] = [];
    for (const number of withoutText) {
      signal?.throwIfAborted();
      onPage?.(pdf.numPages, pdf.numPages);
      if (!damaged.has(number) && (await showsSomething(pdf, number))) shown.push(number);
    }
    if (shown.length > 0) metadata.pagesWithoutText = numberRanges(shown);
    if (damaged.size > 0) metadata.pagesDamaged = numberRanges([...damaged.keys()]);
    const named = plausibleTitle(metadata.pageTitle);
    delete metadata.pageTitle;
    // None of several equal headings is the title: then the file's name is.
    return { text, blocks, metadata, title: named ?? title ?? runningHead ?? '' };
  } finally {
    await pdf.loadingTask.destroy();
  }
}

/**
 * pdf.js looks up the character maps of Chinese, Japanese and Korean fonts in files that come with pdfjs-dist, not with
 * unpdf's build of it. They are read from there if it is installed; otherwise the names of those asked for are kept,
 * because pdf.js itself would go on without the text.
 */
class CharacterMaps {
  readonly missing = new Set<string>();
  readonly factory: object;

  constructor() {
    const { missing } = this;
    this.factory = class {
      async fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
        const folder =
          kind === 'cMapUrl' ? 'cmaps' : kind === 'standardFontDataUrl' ? 'standard_fonts' : 'wasm';
        try {
          return new Uint8Array(
            await readFile(
              new URL(`./${folder}/${filename}`, import.meta.resolve('pdfjs-dist/package.json')),
            ),
          );
        } catch (cause) {
          if (folder === 'cmaps') missing.add(filename.replace(/\.bcmap$/, ''));
          throw cause;
        }
      }
    };
  }
}

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;
type Matrix = [number, number, number, number, number, number];

function openingError(cause: unknown, uri: string): UnreadableDocumentError {
  const name = cause instanceof Error ? cause.name : '';
  if (name === 'PasswordException') {
    return new UnreadableDocumentError({
      uri,
      reason: 'encrypted',
      message: `${uri} is locked with a password.`,
      hint: 'Save a copy without the password (for example `qpdf --decrypt --password=… in.pdf out.pdf`) and ingest that.',
      cause,
    });
  }
  return new UnreadableDocumentError({
    uri,
    reason: 'damaged',
    message: `${uri} is not a whole PDF: ${cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause)}.`,
    hint: 'Download or export it again; `qpdf in.pdf out.pdf` can fix some damage.',
    cause,
  });
}

/** From the item's own space to the page's as it is shown: x to the right, y down, in points. */
function fragmentOf(
  item: { str: string; transform: unknown[]; width: number; height: number; fontName: string },
  viewport: Matrix,
): Fragment {
  const [a, b, c, d, e, f] = item.transform as Matrix;
  const [va, vb, vc, vd, ve, vf] = viewport;
  const across: [number, number] = [va * a + vc * b, vb * a + vd * b];
  const up: [number, number] = [va * c + vc * d, vb * c + vd * d];
  return {
    text: item.str,
    x: va * e + vc * f + ve,
    y: vb * e + vd * f + vf,
    width: item.width,
    size: Math.hypot(...up) || Math.hypot(...across),
    angle: Math.round((Math.atan2(across[1], across[0]) * 2) / Math.PI) & 3,
    font: item.fontName,
  };
}

/**
 * Whether a page that gave no text has a picture, or letters all the same: drawn as outlines, or in a form's fields. The
 * blank backs of a printed report have neither, and nothing is lost with them; nor with a frame or a coloured ground.
 */
async function showsSomething(pdf: Pdf, number: number): Promise<boolean> {
  const { OPS } = await getResolvedPDFJS();
  const notPictures = [OPS.paintFormXObjectBegin, OPS.paintFormXObjectEnd];
  const pictures = new Set(
    Object.entries(OPS).flatMap(([name, operator]) =>
      /^paint|^shadingFill$/.test(name) && !notPictures.includes(operator) ? [operator] : [],
    ),
  );
  try {
    const page = await pdf.getPage(number);
    const { fnArray, argsArray } = await page.getOperatorList();
    page.cleanup();
    let coordinates = 0;
    for (const [index, operator] of fnArray.entries()) {
      if (pictures.has(operator)) return true;
      const values: unknown[] = argsArray[index] ?? [];
      if (operator === OPS.showText && (values[0] as { unicode?: string }[]).some(isVisible)) return true;
      // A path that only clips is not drawn.
      if (operator === OPS.constructPath && values[0] !== OPS.endPath)
        coordinates += (values[1] as (ArrayLike<number> | null)[])[0]?.length ?? 0;
    }
    return coordinates > 300;
  } catch {
    // What cannot be drawn is not known to be blank.
    return true;
  }
}

/** A glyph; numbers among them are gaps. */
function isVisible({ unicode }: { unicode?: string }): boolean {
  return unicode !== undefined && unicode.trim() !== '';
}

/** `[2, 5, 6, 7]` as `2, 5-7`. */
function numberRanges(numbers: number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

/** The bookmarks, as heading text (white space and case evened out) → level. */
async function outlineOf(pdf: Pdf): Promise<Map<string, number>> {
  const levels = new Map<string, number>();
  const visit = (items: { title: string; items: unknown[] }[], level: number) => {
    for (const { title, items: below } of items) {
      const key = outlineKey(title);
      if (key !== '' && !levels.has(key)) levels.set(key, Math.min(level, 6));
      if (level < 12) visit(below as { title: string; items: unknown[] }[], level + 1);
    }
  };
  try {
    visit((await pdf.getOutline()) ?? [], 1);
  } catch {
    // Without its outline a document still has headings, known by their type.
  }
  return levels;
}

async function metadataOf(pdf: Pdf): Promise<Record<string, string>> {
  const metadata: Record<string, string> = {};
  try {
    const info = (await pdf.getMetadata()).info as Record<string, unknown>;
    const take = (name: string, value: unknown) => {
      if (typeof value === 'string' && value.trim() !== '') metadata[name] = value.trim();
    };
    take('pageTitle', info.Title);
    take('author', info.Author);
    take('subject', info.Subject);
  } catch {
    // Metadata is optional: a document without it is still read.
  }
  return metadata;
}
