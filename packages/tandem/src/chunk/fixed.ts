import type { Span } from '../text/sentences.ts';
import { type Cut, chunkWriter } from './chunk-writer.ts';
import type { Chunker } from './chunker.ts';
import { type Section, sectionsOf, type Unit } from './sections.ts';
import { splitLong, type TokenMeter } from './token-meter.ts';

/**
 * The baseline: a window of as many words as fit moves over the text from end to end, and steps back over
 * `overlapTokens` of them for its next place. It knows nothing of sentences, sections or tables. Only the prefix tells where
 * a window is (the title and the headings at its beginning), as in every other way to cut: what is compared is the cuts.
 */
export const fixedChunker: Chunker = {
  strategy: 'fixed',
  description: 'A window of maxTokens words after words, blind to sentences and sections: the baseline.',
  needsEmbedder: false,
  async chunk(document, options) {
    const writer = await chunkWriter(document, options);
    const { meter } = writer;
    const { text } = document;
    const sections = await sectionsOf(document, meter);
    const paths = pathsOf(sections);
    const room = await writer.roomFor(sections, []);
    const words = await wordsOf(text, room, meter);
    const overlap = Math.min(options.overlapTokens, Math.floor(room / 3));
    const cuts: Cut[] = [];
    for (let from = 0, place = 0; from < words.length; ) {
      options.signal?.throwIfAborted();
      let tokens = 0;
      let to = from;
      while (to < words.length && (to === from || tokens + words[to]!.tokens <= room))
        tokens += words[to++]!.tokens;
      const { start } = words[from]!;
      while (place + 1 < paths.length && paths[place + 1]!.start <= start) place++;
      const { headings, page } = paths[place] ?? { headings: [], page: undefined };
      cuts.push({ start, end: words[to - 1]!.end, headings, page, prefix: await writer.prefixOf(headings) });
      if (to === words.length) break;
      let next = to;
      for (let repeated = 0; next - 1 > from; next--) {
        repeated += words[next - 1]!.tokens;
        if (repeated > overlap) break;
      }
      from = next;
    }
    return writer.chunks(cuts);
  },
};

interface Word extends Span {
  tokens: number;
}

/** Runs without white space, in parts where one alone is too long. */
async function wordsOf(text: string, room: number, meter: TokenMeter): Promise<Word[]> {
  const words: Word[] = [];
  const known = new Map<string, number>();
  for (const match of text.matchAll(/\S+/g)) {
    const span = { start: match.index, end: match.index + match[0].length };
    let tokens = known.get(match[0]);
    if (tokens === undefined) known.set(match[0], (tokens = await meter.count(match[0])));
    if (tokens <= room) words.push({ ...span, tokens });
    else
      for (const part of await splitLong(span, text, room, meter))
        words.push({ ...part, tokens: await meter.count(text.slice(part.start, part.end)) });
  }
  return words;
}

/** Which headings are above an offset, and which page it is on: from each start to the next. */
function pathsOf(sections: Section[]): { start: number; headings: string[]; page: number | undefined }[] {
  return sections
    .flatMap(({ heading, units }): Unit[] => (heading ? [heading, ...units] : units))
    .map(({ start, headings, page }) => ({ start, headings, page }));
}
