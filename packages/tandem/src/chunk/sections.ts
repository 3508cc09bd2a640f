import type { Block, Document } from '../core/types/document.ts';
import { isAlsoCalledLine } from '../parse/aliases.ts';
import { headingText } from '../parse/markdown.ts';
import { isRowOfDashes } from '../parse/pipe-table.ts';
import { sentences, trimmed } from '../text/sentences.ts';
import type { TokenMeter } from './token-meter.ts';

/** The smallest part of a document that is kept whole where it fits: a sentence, a table's row, a line of code, a heading. */
export interface Unit {
  kind: 'heading' | 'sentence' | 'row' | 'line';
  start: number;
  end: number;
  tokens: number;
  /** Tokens of what is between the unit before and this one without belonging to a block, such as a rule. */
  gapTokens: number;
  /** What a break just before it costs; 0 at a paragraph's start. */
  breakPenalty: number;
  /** Whether the next chunk may repeat it. */
  repeatable: boolean;
  section: number;
  /** Headings above it, the title left out. */
  headings: string[];
  page: number | undefined;
  /** Index of its block in the document. */
  block: number;
  /** An "Also called: …" line. */
  names: boolean;
  /** For a row below its table's head: the head, which says what the cells are. */
  tableHead?: string;
}

/** A heading and what is below it until the next. */
export interface Section {
  headings: string[];
  heading: Unit | undefined;
  units: Unit[];
}

const insideParagraph = 2;
const insideList = 3;
const afterLeadIn = 6;
const insideTable = 4;
const insideCode = 4;
const afterTableHead = 12;
const afterHeading = 20;

/** A document's sections in order. A heading that only has deeper headings below it is no section: they carry it in their path. */
export async function sectionsOf(document: Document, meter: TokenMeter): Promise<Section[]> {
  const { text, blocks } = document;
  const title = comparable(document.title);
  const sections: Section[] = [];
  let open: { level: number; text: string }[] = [];
  let section: Section = { headings: [], heading: undefined, units: [] };
  let sectionLevel = 0;
  let titleOpen = false;
  let covered = 0;

  const unit = async (
    kind: Unit['kind'],
    start: number,
    end: number,
    block: number,
    breakPenalty: number,
  ) => {
    const gap = text.slice(covered, start);
    covered = Math.max(covered, end);
    return {
      kind,
      start,
      end,
      tokens: await meter.count(text.slice(start, end)),
      gapTokens: /\S/.test(gap) ? await meter.count(gap) : 0,
      breakPenalty,
      repeatable: kind === 'sentence',
      section: sections.length,
      headings: section.headings,
      page: blocks[block]!.page,
      block,
      names: isAlsoCalledLine(text.slice(start, end)),
    };
  };
  const close = (nextLevel: number) => {
    if (section.units.length > 0) sections.push(section);
    else if (section.heading && nextLevel <= sectionLevel) sections.push(section);
  };

  for (const [index, block] of blocks.entries()) {
    if (block.kind === 'heading') {
      const level = block.level ?? 1;
      close(level);
      open = open.filter((heading) => heading.level < level);
      const words = headingText(text.slice(block.start, block.end));
      const isTitle = comparable(words) === title && sections.length === 0;
      if (!isTitle && words !== '') open.push({ level, text: words });
      // A heading just above a deeper one goes where that goes; the title is in every prefix already.
      const above =
        section.units.length === 0 && level > sectionLevel && !titleOpen ? section.heading : undefined;
      titleOpen = isTitle;
      section = { headings: open.map((heading) => heading.text), heading: undefined, units: [] };
      section.heading = await unit('heading', above?.start ?? block.start, block.end, index, afterHeading);
      sectionLevel = level;
      continue;
    }
    const first =
      section.heading && section.units.length === 0
        ? afterHeading
        : leadsOn(text, blocks[index - 1], block)
          ? afterLeadIn
          : 0;
    const kind = block.kind === 'table' ? 'row' : block.kind === 'code' ? 'line' : 'sentence';
    const spans =
      kind === 'sentence'
        ? sentences(text.slice(block.start, block.end))
        : linesOf(text.slice(block.start, block.end));
    const tableHead = kind === 'row' ? tableHeadOf(text.slice(block.start, block.end)) : undefined;
    for (const [position, span] of spans.entries()) {
      const penalty = position === 0 ? first : penaltyInside(block.kind, position);
      const made = await unit(kind, block.start + span.start, block.start + span.end, index, penalty);
      section.units.push(tableHead !== undefined && position > 1 ? { ...made, tableHead } : made);
    }
  }
  close(0);
  return sections;
}

export interface SectionGroup {
  sections: Section[];
  /** Units of all of them, headings included where they are wanted in the text. */
  units: Unit[];
}

/**
 * Sections that share chunks: one of fewer than a twenty-fifth of `maxTokens`, hardly a sentence, takes in the next, if that is
 * its sibling or below it. (At an eighth, 4 % of MedQuAD's questions had their answer in a chunk that two sections shared and
 * whose prefix named neither.) So does one that only lists other names up to half of `maxTokens`: alone it would be found for
 * every question about the thing and answer none.
 */
export function groupSections(sections: Section[], maxTokens: number): SectionGroup[] {
  const groups: SectionGroup[] = [];
  for (let index = 0; index < sections.length; index++) {
    const first = sections[index]!;
    const members = [first];
    let tokens = tokensOf(first);
    let onlyNames = first.units.length > 0 && first.units.every((unit) => unit.names);
    while (
      index + 1 < sections.length &&
      tokens < (onlyNames ? maxTokens / 2 : Math.max(8, maxTokens / 25))
    ) {
      const next = sections[index + 1]!;
      const parent = first.headings.slice(0, -1);
      if (parent.some((heading, depth) => next.headings[depth] !== heading)) break;
      members.push(next);
      tokens += tokensOf(next);
      onlyNames = false;
      index++;
    }
    const together = members.length > 1;
    groups.push({
      sections: members,
      units: members.flatMap(({ heading, units }) =>
        heading && (together || units.length === 0) ? [heading, ...units] : units,
      ),
    });
  }
  return groups;
}

function tokensOf({ heading, units }: Section): number {
  return units.reduce((sum, unit) => sum + unit.tokens + unit.gapTokens, heading?.tokens ?? 0);
}

/**
 * Whether a block belongs with the one before: a list with its introduction, what follows a colon, and what follows a few
 * words without a full stop, which are a heading or an item that lost its marks.
 */
function leadsOn(text: string, before: Block | undefined, block: Block): boolean {
  if (before?.kind === 'caption') return block.kind !== 'caption';
  if (before?.kind !== 'paragraph') return false;
  const words = text.slice(before.start, before.end);
  return block.kind === 'list' || words.endsWith(':') || (words.length < 60 && !/[.!?]["”)]*$/.test(words));
}

function penaltyInside(kind: Block['kind'], position: number): number {
  switch (kind) {
    case 'list':
      return insideList;
    case 'table':
      return position <= 2 ? afterTableHead : insideTable;
    case 'code':
      return insideCode;
    default:
      return insideParagraph;
  }
}

/** The first row, where a row of dashes marks it as the head. */
function tableHeadOf(table: string): string | undefined {
  const [first = '', second = ''] = table.split('\n', 2);
  return /^\S/.test(first) && isRowOfDashes(second) ? first.trim() : undefined;
}

function linesOf(text: string): { start: number; end: number }[] {
  const spans: { start: number; end: number }[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    const span = trimmed(text, start, start + line.length);
    if (span.start < span.end) spans.push(span);
    start += line.length + 1;
  }
  return spans;
}

function comparable(words: string): string {
  return words.toLowerCase().replace(/\s+/g, ' ').trim();
}
