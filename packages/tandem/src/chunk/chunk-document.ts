import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Document } from '../core/types/document.ts';
import { type EmbeddableChunk, embeddedText } from './embedded-text.ts';
import { prefixWithin } from './prefix.ts';
import { groupSections, sectionsOf, type Unit } from './sections.ts';
import { type CountTokens, splitLong, type TokenMeter, tokenMeter } from './token-meter.ts';

export interface ChunkOptions {
  /** Upper bound for a chunk's prefix and text together, special tokens included. */
  maxTokens: number;
  /** At most this many tokens of whole sentences are repeated from the chunk before, within a section. */
  overlapTokens: number;
  /** The embedder's own count. */
  countTokens: CountTokens;
  signal?: AbortSignal;
}

/**
 * Cuts a document into chunks. Sections are kept apart (a section smaller than an eighth of `maxTokens` joins the next);
 * inside one, the breaks are chosen together so that chunks are of even size and fall between paragraphs rather than
 * inside them, and rarely inside a list, between a list and the line that introduces it, or inside a table. Sentences,
 * list items, table rows and lines of code are whole wherever one fits by itself.
 *
 * Every chunk is an exact slice of `document.text`; every non-blank character of a block is in a chunk, or in a heading
 * that is in the heading path of the chunks below it.
 */
export async function chunkDocument(document: Document, options: ChunkOptions): Promise<EmbeddableChunk[]> {
  const { maxTokens, overlapTokens, signal } = options;
  const { text } = document;
  const meter = await tokenMeter(options.countTokens);
  const usable = maxTokens - meter.special;
  if (usable < 8) {
    throw new InvalidInputError({
      domain: 'chunk',
      where: 'chunk.maxTokens',
      message: `chunk.maxTokens is ${maxTokens}, of which ${meter.special} are the embedder's special tokens: too few for a sentence.`,
      hint: 'Set chunk.maxTokens to 16 or more.',
    });
  }
  const prefixes = new Map<string, string>();
  const prefixOf = async (headings: string[]) => {
    const key = headings.join('\u0000');
    let prefix = prefixes.get(key);
    if (prefix === undefined) {
      const { title, aliases } = document;
      prefix = await prefixWithin({ title, aliases, headings }, Math.floor(usable / 3), meter);
      prefixes.set(key, prefix);
    }
    return prefix;
  };

  // A table's head stands before the chunks that begin further down, unless it would take too much of them.
  const headTokens = async ({ tableHead }: Unit) => {
    const tokens = tableHead === undefined ? 0 : (await meter.count(tableHead)) + 1;
    return tokens <= usable / 6 ? tokens : 0;
  };

  const spans: {
    start: number;
    end: number;
    headings: string[];
    page: number | undefined;
    prefix: string;
  }[] = [];
  for (const group of groupSections(await sectionsOf(document, meter), maxTokens)) {
    signal?.throwIfAborted();
    // A chunk over several sections has a shorter path than the longest of them, so its prefix is no longer either.
    let prefixTokens = 0;
    for (const { headings } of group.sections) {
      const prefix = await prefixOf(headings);
      if (prefix !== '') prefixTokens = Math.max(prefixTokens, (await meter.count(prefix)) + 1);
    }
    let tableHeadTokens = 0;
    for (const unit of group.units) tableHeadTokens = Math.max(tableHeadTokens, await headTokens(unit));
    const room = usable - prefixTokens - tableHeadTokens;
    const units: Unit[] = [];
    for (const unit of group.units) {
      if (unit.tokens <= room) units.push(unit);
      else units.push(...(await partsOf(unit, text, room, meter)));
    }
    for (const { from, to } of pack(units, room, Math.min(overlapTokens, Math.floor(room / 3)))) {
      const headings = commonPath(units.slice(from, to));
      const first = units[from]!;
      // The heading path says it already.
      const skip = first.kind === 'heading' && to - from > 1 && first.headings.length <= headings.length;
      const start = units[skip ? from + 1 : from]!.start;
      const path = await prefixOf(headings);
      const prefix = (await headTokens(first)) > 0 ? `${path}\n${first.tableHead}`.trim() : path;
      spans.push({ start, end: units[to - 1]!.end, headings, page: first.page, prefix });
    }
  }

  const chunks: EmbeddableChunk[] = [];
  for (const span of spans) {
    for (const { start, end } of await withinLimit(span, text, usable, meter)) {
      const ordinal = chunks.length;
      chunks.push({
        id: `${document.id}#${ordinal}`,
        documentId: document.id,
        ordinal,
        start,
        end,
        text: text.slice(start, end),
        headingPath: [document.title, ...span.headings],
        ...(span.page === undefined ? {} : { page: span.page }),
        prefix: span.prefix,
      });
    }
  }
  return chunks;
}

/** A sentence, row or line that does not fit by itself, in parts that do. */
async function partsOf(unit: Unit, text: string, room: number, meter: TokenMeter): Promise<Unit[]> {
  const parts = await splitLong(unit, text, room, meter);
  return parts.map((part, index) => ({
    ...unit,
    ...part,
    gapTokens: index === 0 ? unit.gapTokens : 0,
    breakPenalty: index === 0 ? unit.breakPenalty : breakInsideUnit,
    repeatable: false,
  }));
}

const breakInsideUnit = 8;
/** What an empty chunk would cost; a chunk that is full costs nothing. Break penalties are on the same scale. */
const emptinessCost = 10;

/**
 * Breaks units into chunks of at most `room` tokens at the least total cost: the penalties of the breaks, and for each
 * chunk the square of the share it leaves empty, which makes chunks even. Dynamic programming from the end, as in
 * Knuth & Plass, "Breaking paragraphs into lines" (1981). `[from, to)` of a result starts with the repeated units.
 */
function pack(units: Unit[], room: number, overlapTokens: number): { from: number; to: number }[] {
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

function commonPath(units: Unit[]): string[] {
  let path = units[0]!.headings;
  for (const { headings } of units) {
    let same = 0;
    while (same < path.length && path[same] === headings[same]) same++;
    path = path.slice(0, same);
  }
  return path;
}

/** Tokens of parts need not add up to those of the whole: where a tokenizer makes more of it, the chunk is halved. */
async function withinLimit(
  span: { start: number; end: number; prefix: string },
  text: string,
  usable: number,
  meter: TokenMeter,
): Promise<{ start: number; end: number }[]> {
  const { prefix } = span;
  const whole = await meter.count(embeddedText({ prefix, text: text.slice(span.start, span.end) }));
  if (whole <= usable) return [span];
  const prefixTokens = await meter.count(prefix);
  return splitLong(span, text, Math.max(1, usable - prefixTokens - (whole - usable)), meter);
}
