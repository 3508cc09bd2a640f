import { cosine } from '../core/cosine.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Document } from '../core/types/document.ts';
import { type Cut, chunkWriter, fittingUnits } from './chunk-writer.ts';
import type { Chunker, ChunkOptions, EmbedTexts } from './chunker.ts';
import { groupSections, sectionsOf, type Unit } from './sections.ts';
import { pack } from './sentence-aware.ts';

/**
 * Breaks where the subject changes: between sentences at which the similarity of what is before and after falls into a
 * valley, by the depth scores of TextTiling (Hearst, "TextTiling", Computational Linguistics 23, 1997) with cosines of
 * embeddings for its word counts. What is longer than a chunk between two such breaks is broken in even parts, preferably
 * at its own shallower valleys; what is shorter than an eighth of one joins the neighbour it is more like. Sections are kept
 * apart, and tables and code are broken only where they do not fit.
 */
export const semanticChunker: Chunker = {
  strategy: 'semantic',
  description: 'Breaks where the embeddings of neighbouring sentences grow apart, inside each section.',
  needsEmbedder: true,
  async chunk(document, options) {
    const { embed } = options;
    if (!embed) {
      throw new InvalidInputError({
        domain: 'chunk',
        where: 'chunk.strategy',
        message:
          'chunk.strategy is "semantic", which embeds sentences to find its breaks, and no embedder was given.',
        hint: 'Pass `embed` to chunkDocument, or choose another strategy.',
      });
    }
    const writer = await chunkWriter(document, options);
    const groups: { units: Unit[]; room: number }[] = [];
    for (const { sections, units } of groupSections(
      await sectionsOf(document, writer.meter),
      options.maxTokens,
    )) {
      const room = await writer.roomFor(sections, units);
      groups.push({ units: await fittingUnits(units, document.text, room, writer.meter), room });
    }
    const depths = await depthsOf(document, groups, embed, options);
    const deep = thresholdOf(depths.flat());
    const cuts: Cut[] = [];
    for (const [index, { units, room }] of groups.entries()) {
      const own = depths[index]!;
      for (const part of joinShortParts(splitAtBreaks(units, own, deep), own, room, options.maxTokens / 8)) {
        const packed = part.units.map((unit, place) => ({
          ...unit,
          breakPenalty: unit.breakPenalty + shallowness * (1 - Math.min(1, own[part.from + place]! / deep)),
        }));
        for (const { from, to } of pack(packed, room, 0))
          cuts.push(await writer.cutOf(part.units.slice(from, to)));
      }
    }
    return writer.chunks(cuts);
  },
};

/** What a break where the subject does not change costs `pack`, on the scale of its other penalties. */
const shallowness = 6;
/** How many sentences on each side of a gap are compared with those on the other. */
const reach = 2;

/** For each unit how deep the valley of similarity just before it is; 0 where there is none, or no break is wanted. */
async function depthsOf(
  document: Document,
  groups: { units: Unit[] }[],
  embed: EmbedTexts,
  { signal }: ChunkOptions,
): Promise<number[][]> {
  // A table or a listing is one thing: its first line represents it.
  const isSame = (a: Unit | undefined, b: Unit) => a?.block === b.block && b.kind !== 'sentence';
  const leaders = groups.flatMap(({ units }) =>
    units.filter((unit, index) => !isSame(units[index - 1], unit)),
  );
  const texts = leaders.map((unit) => document.text.slice(unit.start, unit.end));
  const vectors = texts.length > 0 ? await embed(texts, signal ? { signal } : {}) : [];
  const vectorOf = new Map(leaders.map((unit, index) => [unit, normalized(vectors[index]!)]));
  return groups.map(({ units }) => {
    const led = units.filter((unit) => vectorOf.has(unit));
    const valleys = new Map(
      valleysOf(led.map((unit) => vectorOf.get(unit)!)).map((depth, index) => [led[index]!, depth]),
    );
    return units.map((unit, index) => (units[index - 1]?.kind === 'heading' ? 0 : (valleys.get(unit) ?? 0)));
  });
}

/** `result[i]`: how far the similarity across the gap before `i` lies below the nearest peaks on either side, added up. */
function valleysOf(vectors: Float64Array[]): number[] {
  const similarity = vectors.map((_, gap) =>
    gap === 0
      ? 1
      : cosine(sumOf(vectors.slice(Math.max(0, gap - reach), gap)), sumOf(vectors.slice(gap, gap + reach))),
  );
  return similarity.map((here, gap) => {
    if (gap === 0) return 0;
    let left = here;
    for (let at = gap - 1; at > 0 && similarity[at]! > left; at--) left = similarity[at]!;
    let right = here;
    for (let at = gap + 1; at < similarity.length && similarity[at]! > right; at++) right = similarity[at]!;
    return left - here + (right - here);
  });
}

/** Mean and half a standard deviation of all valleys: Hearst's cut-off, on depths. */
function thresholdOf(depths: number[]): number {
  const valleys = depths.filter((depth) => depth > 0);
  if (valleys.length === 0) return Number.POSITIVE_INFINITY;
  const mean = valleys.reduce((sum, depth) => sum + depth, 0) / valleys.length;
  const variance = valleys.reduce((sum, depth) => sum + (depth - mean) ** 2, 0) / valleys.length;
  return mean + Math.sqrt(variance) / 2;
}

interface Part {
  /** Index of its first unit in the group. */
  from: number;
  units: Unit[];
}

function splitAtBreaks(units: Unit[], depths: number[], deep: number): Part[] {
  const parts: Part[] = [];
  for (const [index, unit] of units.entries()) {
    if (index === 0 || depths[index]! >= deep) parts.push({ from: index, units: [unit] });
    else parts.at(-1)!.units.push(unit);
  }
  return parts;
}

/** Parts of fewer than `least` tokens with the neighbour beyond the shallower valley, if they fit together. */
function joinShortParts(parts: Part[], depths: number[], room: number, least: number): Part[] {
  const result = [...parts];
  for (let index = 0; index < result.length; ) {
    const part = result[index]!;
    const fits = (other: Part | undefined) => other !== undefined && tokensOf(other) + tokensOf(part) <= room;
    const before = result[index - 1];
    const after = result[index + 1];
    if (tokensOf(part) >= least || !(fits(before) || fits(after))) {
      index++;
      continue;
    }
    const isLikeBefore = fits(before) && (!fits(after) || depths[part.from]! <= depths[after!.from]!);
    const first = isLikeBefore ? index - 1 : index;
    const [one, other] = [result[first]!, result[first + 1]!];
    result.splice(first, 2, { from: one.from, units: [...one.units, ...other.units] });
    index = first;
  }
  return result;
}

function tokensOf({ units }: Part): number {
  return units.reduce((sum, unit) => sum + unit.tokens + unit.gapTokens, 0);
}

function normalized(vector: ArrayLike<number>): Float64Array {
  const copy = Float64Array.from(vector);
  const norm = Math.hypot(...copy) || 1;
  return copy.map((value) => value / norm);
}

function sumOf(vectors: Float64Array[]): Float64Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) for (let at = 0; at < sum.length; at++) sum[at]! += vector[at]!;
  return sum;
}
