/** From packages to passages: documents read by Tandem's parsers and cut by its chunker, as an index would have them. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chunkDocument } from '../../packages/tandem/src/chunk/chunk-document.ts';
import type { CountTokens } from '../../packages/tandem/src/chunk/token-meter.ts';
import { defaultChunkTokens } from '../../packages/tandem/src/core/settings.ts';
import { parseDocument } from '../../packages/tandem/src/parse/parse-document.ts';
import type { UnpackedPackage } from './fetch-packages.ts';

/** A chunk of one document. */
export interface CorpusPassage {
  kind: string;
  package: string;
  /** Path inside the package. */
  document: string;
  title: string;
  /** Below the title, outermost first. */
  headings: string[];
  /** Place in its document, from 0. */
  ordinal: number;
  /** Exactly as the document has it, without title and headings. */
  text: string;
}

/** What became of a package's files. */
export interface PackageReading {
  passages: CorpusPassage[];
  documents: number;
  /** Files that Tandem's parsers refuse: pages without text, for instance. */
  refused: number;
}

/** No package outweighs the others: documents are taken until there are so many passages. */
const mostPassages = 2500;
/** Nor does a document: an index of all pages is one, too. */
const mostOfDocument = 120;

/** Reads one package; its documents in an order by hash, which is no order of subjects. */
export async function readPassages(
  { own, folder }: UnpackedPackage,
  countTokens: CountTokens,
): Promise<PackageReading> {
  const files = globSync(own.take, { cwd: folder })
    .filter((file) => !own.leave.some((part) => file.includes(part)))
    .map((file) => ({ file, order: createHash('sha256').update(file).digest('hex') }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  const passages: CorpusPassage[] = [];
  const count = { documents: 0, refused: 0 };
  for (const { file } of files) {
    if (passages.length >= mostPassages) break;
    const bytes = readFileSync(join(folder, file));
    const mediaType = /\.mdx$/.test(file) ? 'text/markdown' : undefined;
    const document = await parseDocument({ uri: file, bytes, ...(mediaType && { mediaType }) }).catch(
      () => undefined,
    );
    if (document === undefined) {
      count.refused++;
      continue;
    }
    count.documents++;
    const chunks = await chunkDocument(document, {
      maxTokens: defaultChunkTokens,
      overlapTokens: 0,
      countTokens,
    });
    passages.push(
      ...chunks
        .slice(0, mostOfDocument)
        .map(({ ordinal, text, headingPath: [title = document.title, ...headings] }) => ({
          kind: own.kind,
          package: own.name,
          document: file,
          title,
          headings,
          ordinal,
          text,
        })),
    );
  }
  return { passages, ...count };
}
