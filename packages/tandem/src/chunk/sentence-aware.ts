import { type Cut, chunkWriter, fittingUnits } from './chunk-writer.ts';
import type { Chunker } from './chunker.ts';
import { groupSections, sectionsOf, type Unit } from './sections.ts';

/**
 * Sections are kept apart (one of hardly a sentence joins the next, see `groupSections`); inside one, the breaks are chosen
 * together so that chunks are of even size and fall between paragraphs rather than inside them, and rarely inside a list,
 * between a list and the line that introduces it, or inside a table. Sentences, list items, table rows and lines of code are
 * whole wherever one fits by itself.
 */
export const sentenceChunker: Chunker = {
  strategy: 'sentence',
  description:
    'Whole sentences, chunks of even size, sections apart; the breaks of a section are chosen together.',
  needsEmbedder: false,
  async chunk(document, options) {
    const { maxTokens, overlapTokens } = options;
    const writer = await chunkWriter(document, options);
    const cuts: Cut[] = [];
    for (const group of groupSections(await sectionsOf(document, writer.meter), maxTokens)) {
      const room = await writer.roomFor(group.sections, group.units);
      const units = await fittingUnits(group.units, document.text, room, writer.meter);
      for (const { from, to } of pack(units, room, Math.min(overlapTokens, Math.floor(room / 3))))
        cuts.push(await writer.cutOf(units.slice(from, to)));
    }
    return writer.chunks(cuts);
  },
};

/** What an empty chunk would cost; a chunk that is full costs nothing. Break penalties are on the same scale. */
const emptinessCost = 10;

/**
 * Breaks units into chunks of at most `room` tokens at the least total cost: the penalties of the breaks, and for each
 * chunk the square of the share it leaves empty, which makes chunks even. Dynamic programming from the end, as in
 * Knuth & Plass, "Breaking paragraphs into lines" (1981). `[from, to)` of a result starts with the repeated units.
 */
export function pack(units: Unit[], room: number, overlapTokens: number): { from: number; to: number }[] {
  const count = units.length;
  const overlaps = units.map((_, index) => overlapBefore(units, index, overlapTokens));
  const best = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY);
  const next = new Int32Array(count);
  best[count] = 0;
  for (let first = count - 1; first >= 0; first--) {
    let tokens = overlaps[first]!.tokens;
    for (let last = first; last < count; last++) {
      const unit = units[last]!;
      tokens += unit.tokens + (last > first ? unit.gapTokens : 0);
      // A unit that leaves no room for the overlap goes without it.
      if (tokens > room && last > first) break;
      const emptiness = Math.max(0, room - tokens) / room;
      const penalty = last + 1 < count ? units[last + 1]!.breakPenalty : 0;
      const cost = emptinessCost * emptiness * emptiness + penalty + best[last + 1]!;
      if (cost < best[first]!) {
        best[first] = cost;
        next[first] = last + 1;
      }
    }
  }
  const pieces: { from: number; to: number }[] = [];
  for (let first = 0; first < count; first = next[first]!) {
    const overlap = overlaps[first]!;
    const alone = next[first] === first + 1 && overlap.tokens + units[first]!.tokens > room;
    pieces.push({ from: first - (alone ? 0 : overlap.units), to: next[first]! });
  }
  return pieces;
}

/** The whole sentences and list items before `index`, in its section, that fit the overlap. */
function overlapBefore(
  units: Unit[],
  index: number,
  overlapTokens: number,
): { units: number; tokens: number } {
  const { section, gapTokens } = units[index]!;
  let taken = 0;
  let tokens = gapTokens;
  for (let before = index - 1; before >= 0; before--) {
    const unit = units[before]!;
    const more = tokens + unit.tokens + (taken > 0 ? units[before + 1]!.gapTokens : 0);
    if (!unit.repeatable || unit.section !== section || more > overlapTokens) break;
    tokens = more;
    taken++;
  }
  return taken === 0 ? { units: 0, tokens: 0 } : { units: taken, tokens };
}
