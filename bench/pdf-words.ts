/**
 * How much of a PDF's text Tandem's parser finds, against poppler's pdftotext on the same files: words as a multiset
 * (is anything lost or made up?) and pairs of neighbouring words (is the reading order alike?).
 *
 *     node bench/pdf-words.ts FOLDER [--each]
 *
 * FOLDER is searched for PDFs; `pdftotext` (Debian's poppler-utils) must be installed. Running heads and page numbers,
 * which Tandem drops on purpose, count as lost here.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
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

const total = { files: 0, failed: 0, pages: 0, reference: 0, ours: 0, words: 0, pairs: 0, milliseconds: 0 };
for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
  if (!file.endsWith('.pdf')) continue;
  const reference = wordsOf(
    spawnSync('pdftotext', [path.join(folder, file), '-'], { maxBuffer: 1e9 }).stdout.toString(),
  );
  const started = performance.now();
  let ours: string[];
  try {
    const document = await parseDocument({ uri: file, bytes: readFileSync(path.join(folder, file)) });
    ours = wordsOf(document.text);
    total.pages += Number(document.metadata.pages);
  } catch (error) {
    total.failed++;
    console.log(`${file}: ${(error as Error).message} (pdftotext finds ${reference.length} words)`);
    continue;
  }
  const milliseconds = performance.now() - started;
  const words = shared(reference, ours);
  const pairs = shared(pairsOf(reference), pairsOf(ours));
  total.files++;
  total.reference += reference.length;
  total.ours += ours.length;
  total.words += words;
  total.pairs += pairs;
  total.milliseconds += milliseconds;
  if (flags.includes('--each'))
    console.log(
      `${share(words, reference.length)} words, ${share(words, ours.length)} of ours, ${share(pairs, reference.length)} pairs, ${milliseconds.toFixed(0)} ms  ${file}`,
    );
}
console.log(
  `${total.files} PDFs, ${total.pages} pages in ${(total.milliseconds / 1000).toFixed(1)} s (${total.failed} without text or damaged).\n` +
    `Of pdftotext's ${total.reference} words ${share(total.words, total.reference)} are in ours; of our ${total.ours} words ${share(total.words, total.ours)} are in pdftotext's.\n` +
    `Of its pairs of neighbouring words ${share(total.pairs, total.reference)} are neighbours in ours too.`,
);

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
