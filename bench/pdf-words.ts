/**
 * How much of a PDF's text Tandem's parser finds, against poppler's pdftotext on the same files: words as a multiset
 * (is anything lost or made up?) and pairs of neighbouring words (is the reading order alike?).
 *
 *     node bench/pdf-words.ts FOLDER [--each]
 *
 * FOLDER is searched for PDFs; `pdftotext` (Debian's poppler-utils) must be installed. Running heads and page numbers, which
 * Tandem drops on purpose, count as lost in the first figure; the second leaves out of pdftotext's words those lines at the top
 * and bottom of its pages that two fifths of a document's pages have in common but for their numbers, and bare page numbers.
 * Writes `bench/results/pdf-words.json`.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { UnreadableDocumentError } from '../packages/tandem/src/core/errors/unreadable-document-error.ts';
import { parseDocument } from '../packages/tandem/src/parse/parse-document.ts';

const [folder, ...flags] = process.argv.slice(2);
if (!folder) {
  console.error('Name the folder that holds the PDFs: node bench/pdf-words.ts FOLDER');
  process.exit(2);
}
if (spawnSync('pdftotext', ['-v']).error) {
  console.error('pdftotext is not installed: apt-get install poppler-utils (or brew install poppler).');
  process.exit(2);
}

const total = {
  files: 0,
  refused: 0,
  crashed: 0,
  pages: 0,
  reference: 0,
  ours: 0,
  words: 0,
  pairs: 0,
  bodyReference: 0,
  bodyWords: 0,
  milliseconds: 0,
  processorMilliseconds: 0,
};
const files: Record<string, unknown>[] = [];
for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
  if (!file.endsWith('.pdf')) continue;
  const text = spawnSync('pdftotext', [path.join(folder, file), '-'], { maxBuffer: 1e9 }).stdout.toString();
  const reference = wordsOf(text);
  const bytes = readFileSync(path.join(folder, file));
  const started = performance.now();
  const before = process.cpuUsage();
  let ours: string[];
  let pages: number;
  try {
    const document = await parseDocument({ uri: file, bytes });
    ours = wordsOf(document.text);
    pages = Number(document.metadata.pages);
  } catch (error) {
    const refused = UnreadableDocumentError.isInstance(error);
    total[refused ? 'refused' : 'crashed']++;
    const { message } = error as Error;
    files.push({ file, [refused ? 'refused' : 'crashed']: message, referenceWords: reference.length });
    console.log(`${file}: ${message} (pdftotext finds ${reference.length} words)`);
    continue;
  }
  const milliseconds = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  const body = wordsOf(withoutRunningLines(text));
  const words = shared(reference, ours);
  const bodyWords = shared(body, ours);
  const pairs = shared(pairsOf(reference), pairsOf(ours));
  total.files++;
  total.pages += pages;
  total.reference += reference.length;
  total.ours += ours.length;
  total.words += words;
  total.pairs += pairs;
  total.bodyReference += body.length;
  total.bodyWords += bodyWords;
  total.milliseconds += milliseconds;
  total.processorMilliseconds += (user + system) / 1000;
  files.push({
    file,
    pages,
    words: rounded(words / reference.length),
    bodyWords: rounded(bodyWords / body.length),
    ofOurs: rounded(words / ours.length),
    pairs: rounded(pairs / reference.length),
    milliseconds: Math.round(milliseconds),
  });
  if (flags.includes('--each'))
    console.log(
      `${share(words, reference.length)} words (${share(bodyWords, body.length)} of the body), ${share(words, ours.length)} of ours, ${share(pairs, reference.length)} pairs, ${milliseconds.toFixed(0)} ms  ${file}`,
    );
}
const perSecond = (milliseconds: number) => Math.round((total.pages / milliseconds) * 10_000) / 10;
const summary = {
  pdfs: total.files + total.refused + total.crashed,
  crashed: total.crashed,
  refused: total.refused,
  pages: total.pages,
  pagesPerSecond: perSecond(total.milliseconds),
  pagesPerProcessorSecond: perSecond(total.processorMilliseconds),
  wordsOfPdftotext: rounded(total.words / total.reference),
  wordsOfItsBody: rounded(total.bodyWords / total.bodyReference),
  ofOurWords: rounded(total.words / total.ours),
  neighbouringPairs: rounded(total.pairs / total.reference),
};
console.log(
  `${summary.pdfs} PDFs: ${total.crashed} crashes, ${total.refused} refused with a reason. ${total.pages} pages, ${summary.pagesPerSecond} a second (${summary.pagesPerProcessorSecond} a second of processor time).\n` +
    `Of pdftotext's ${total.reference} words ${share(total.words, total.reference)} are in ours, and ${share(total.bodyWords, total.bodyReference)} of those outside running lines; of our ${total.ours} words ${share(total.words, total.ours)} are in pdftotext's.\n` +
    `Of its pairs of neighbouring words ${share(total.pairs, total.reference)} are neighbours in ours too.`,
);
const version = spawnSync('pdftotext', ['-v']).stderr.toString().split('\n')[0]!;
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${version}`;
writeFileSync(
  new URL('./results/pdf-words.json', import.meta.url),
  `${JSON.stringify({ machine, at: new Date().toISOString().slice(0, 10), summary, files }, null, 1)}\n`,
);

/** Without the first and last three lines of each page that return on other pages with other numbers, and page numbers. */
function withoutRunningLines(text: string): string {
  const pages = text
    .replace(/\f$/, '')
    .split('\f')
    .map((page) => page.split('\n').filter((line) => line.trim() !== ''));
  const key = (line: string) =>
    line
      .trim()
      .toLowerCase()
      .replace(/\d+|\b[ivxl]+\b/g, '#');
  const isEdge = (index: number, lines: string[]) => index < 4 || index >= lines.length - 4;
  const counts = new Map<string, number>();
  for (const lines of pages)
    for (const line of new Set(lines.filter((_, index) => isEdge(index, lines)).map(key)))
      counts.set(line, (counts.get(line) ?? 0) + 1);
  const often = Math.max(2, 0.4 * pages.length);
  return pages
    .map((lines) =>
      lines.filter((line, index) => !isEdge(index, lines) || (counts.get(key(line)) ?? 0) < often).join('\n'),
    )
    .join('\n');
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

function pairsOf(words: string[]): string[] {
  return words.slice(1).map((word, index) => `${words[index]} ${word}`);
}

function shared(a: string[], b: string[]): number {
  const counts = new Map<string, number>();
  for (const item of a) counts.set(item, (counts.get(item) ?? 0) + 1);
  let common = 0;
  for (const item of b) {
    const left = counts.get(item) ?? 0;
    if (left > 0) {
      common++;
      counts.set(item, left - 1);
    }
  }
  return common;
}

function share(part: number, whole: number): string {
  return `${((100 * part) / Math.max(whole, 1)).toFixed(1)} %`;
}
