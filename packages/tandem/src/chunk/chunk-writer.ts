import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Document } from '../core/types/document.ts';
import type { ChunkOptions } from './chunker.ts';
import { type EmbeddableChunk, embeddedText } from './embedded-text.ts';
import { isMachineMade, prefixWithin } from './prefix.ts';
import type { Section, Unit } from './sections.ts';
import { headRow, type TableContext, tableContextOf } from './table-context.ts';
import { splitLong, type TokenMeter, tokenMeter } from './token-meter.ts';

/** A span that is to be a chunk. */
export interface Cut {
  start: number;
  end: number;
  /** Below the title. */
  headings: string[];
  page: number | undefined;
  prefix: string;
  /** As `EmbeddableChunk` has it. */
  searchPrefix?: string;
  /** `self`: the chunk that is made of it, or each of those if it has to be cut. */
  parent?: { start: number; end: number } | 'self';
}

/** Shared by all strategies: measures the room that a prefix leaves, and makes spans into chunks within the limit. */
export interface ChunkWriter {
  meter: TokenMeter;
  /** `maxTokens` without the special tokens: what prefix and text may have together. */
  usable: number;
  /** Title, other names and headings as a line, in a third of `usable` at most. */
  prefixOf(headings: string[]): Promise<string>;
  /** Tokens left for text in chunks of these units below these sections' headings, table heads included. */
  roomFor(sections: Section[], units: Unit[]): Promise<number>;
  /** The units of a cut as a span: a heading that the path says already is left out of the text. */
  cutOf(units: Unit[]): Promise<Cut>;
  chunks(cuts: Cut[]): Promise<EmbeddableChunk[]>;
}

export async function chunkWriter(document: Document, options: ChunkOptions): Promise<ChunkWriter> {
  const { maxTokens, signal } = options;
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

  const tables = new Map<number, TableContext>();
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

  /** A title that says nothing keeps its room and is left out: where chunks end does not depend on what a file is called. */
  const shownPath = async (headings: string[]) => {
    const prefix = await prefixOf(headings);
    if (!isMachineMade(document.title) || prefix === '') return prefix;
    const [title = '', ...rest] = headings;
    return prefixWithin({ title, aliases: [], headings: rest }, await meter.count(prefix), meter);
  };

  /** Room that is kept for the head of the table before a chunk with this row; none where it would take too much. */
  const headTokens = async ({ tableHead }: Unit) => {
    const tokens = tableHead === undefined ? 0 : (await meter.count(tableHead)) + 1;
    return tokens <= usable / 6 ? tokens : 0;
  };

  const roomFor = async (sections: Section[], units: Unit[]) => {
    signal?.throwIfAborted();
    // A chunk over several sections has a shorter path than the longest of them, so its prefix is no longer either.
    let prefixTokens = 0;
    for (const { headings } of sections) {
      const prefix = await prefixOf(headings);
      if (prefix !== '') prefixTokens = Math.max(prefixTokens, (await meter.count(prefix)) + 1);
    }
    let tableHeadTokens = 0;
    for (const unit of units) tableHeadTokens = Math.max(tableHeadTokens, await headTokens(unit));
    return usable - prefixTokens - tableHeadTokens;
  };

  const cutOf = async (units: Unit[]) => {
    const headings = commonPath(units);
    const first = units[0]!;
    // The heading path says it already.
    const skip = first.kind === 'heading' && units.length > 1 && first.headings.length <= headings.length;
    const path = await shownPath(headings);
    const span = { start: units[skip ? 1 : 0]!.start, end: units.at(-1)!.end };
    const cut = { ...span, headings, page: first.page };
    const row = units.find(({ kind }) => kind === 'row');
    if (!row) return { ...cut, prefix: path };
    let context = tables.get(row.block);
    if (!context) tables.set(row.block, (context = tableContextOf(document, row.block)));
    const { caption, heads } = missingFrom(span, row, context);
    const whole = [path, caption, heads].filter(Boolean).join('\n');
    const used = await meter.count(embeddedText({ prefix: path, text: text.slice(span.start, span.end) }));
    const prefix = await withinRoom(path, { caption, heads }, usable - used, meter);
    return { ...cut, prefix, ...(prefix !== whole && { searchPrefix: whole }) };
  };

  const chunks = async (cuts: Cut[]) => {
    const made: EmbeddableChunk[] = [];
    for (const cut of cuts) {
      for (const { start, end } of await withinLimit(cut, text, usable, meter)) {
        const ordinal = made.length;
        made.push({
          id: `${document.id}#${ordinal}`,
          documentId: document.id,
          ordinal,
          start,
          end,
          text: text.slice(start, end),
          headingPath: [document.title, ...cut.headings],
          ...(cut.page === undefined ? {} : { page: cut.page }),
          prefix: cut.prefix,
          ...(cut.searchPrefix !== undefined && { searchPrefix: cut.searchPrefix }),
          ...(cut.parent && { parent: cut.parent === 'self' ? { start, end } : cut.parent }),
        });
      }
    }
    return made;
  };

  return { meter, usable, prefixOf, roomFor, cutOf, chunks };
}

/** What a chunk has to be told of the table that its first row is of: empty for what stands in the chunk, or is nowhere. */
function missingFrom(
  span: { start: number; end: number },
  row: Unit,
  { caption, heads, bodyStart }: TableContext,
): { caption: string; heads: string } {
  const isInside = caption && caption.start >= span.start && caption.end <= span.end;
  return {
    caption: caption && !isInside ? caption.text : '',
    heads: row.start >= bodyStart ? headRow(heads) : '',
  };
}

/** The path, and below it as much of caption and heads as there is room for: heads say what each number is, so they come first. */
async function withinRoom(
  path: string,
  { caption, heads }: { caption: string; heads: string },
  room: number,
  meter: TokenMeter,
): Promise<string> {
  const shortHeads = await shortened(heads, room - 1, meter);
  const left = room - 1 - (shortHeads === '' ? 0 : (await meter.count(shortHeads)) + 1);
  const shortCaption = await shortened(caption, left, meter);
  return [path, shortCaption, shortHeads].filter(Boolean).join('\n');
}

/** The longest run of whole words from the start that fits. */
async function shortened(words: string, room: number, meter: TokenMeter): Promise<string> {
  if (words === '' || room < 1) return '';
  if ((await meter.count(words)) <= room) return words;
  const all = words.split(' ');
  let [fits, over] = [0, all.length];
  while (over - fits > 1) {
    const middle = (fits + over) >> 1;
    if ((await meter.count(all.slice(0, middle).join(' '))) <= room) fits = middle;
    else over = middle;
  }
  return all.slice(0, fits).join(' ');
}

/** Units of which each fits `room` by itself: a sentence, row or line that does not is in parts that do. */
export async function fittingUnits(
  units: Unit[],
  text: string,
  room: number,
  meter: TokenMeter,
): Promise<Unit[]> {
  const fitting: Unit[] = [];
  for (const unit of units) {
    if (unit.tokens <= room) fitting.push(unit);
    else fitting.push(...(await partsOf(unit, text, room, meter)));
  }
  return fitting;
}

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

/** Where a line of other names comes before a section, only the section's path counts: its heading says what the chunk is about. */
function commonPath(all: Unit[]): string[] {
  const saying = all.filter((unit) => !unit.names);
  const units = saying.length > 0 ? saying : all;
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
