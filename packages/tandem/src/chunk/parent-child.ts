import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type Cut, chunkWriter, fittingUnits } from './chunk-writer.ts';
import type { Chunker } from './chunker.ts';
import { embeddedText } from './embedded-text.ts';
import { groupSections, sectionsOf } from './sections.ts';
import { pack } from './sentence-aware.ts';

/**
 * Small chunks are searched, and the larger span around them is returned: each chunk has a `parent`, which is what the
 * sentence-aware way would have made a chunk (without overlap), and is itself a few whole sentences of it. A vector of few
 * sentences is sharper; a model that answers needs more than those.
 */
export const parentChildChunker: Chunker = {
  strategy: 'parent-child',
  description: 'A few sentences are searched; the chunk of maxTokens around them is what is handed on.',
  needsEmbedder: false,
  async chunk(document, options) {
    const { maxTokens, childTokens = defaultChildTokens(maxTokens) } = options;
    if (childTokens > maxTokens) {
      throw new InvalidInputError({
        domain: 'chunk',
        where: 'chunk.childTokens',
        message: `chunk.childTokens is ${childTokens}, more than chunk.maxTokens, which is ${maxTokens}: a child is a part of its parent.`,
        hint: 'Lower chunk.childTokens or raise chunk.maxTokens.',
      });
    }
    const { text } = document;
    const parents = await chunkWriter(document, options);
    const children = await chunkWriter(document, { ...options, maxTokens: childTokens });
    const cuts: Cut[] = [];
    for (const group of groupSections(await sectionsOf(document, parents.meter), maxTokens)) {
      const room = await parents.roomFor(group.sections, group.units);
      const units = await fittingUnits(group.units, text, room, parents.meter);
      for (const { from, to } of pack(units, room, 0)) {
        const own = units.slice(from, to);
        const { start, end } = await parents.cutOf(own);
        const within = own.filter((unit) => unit.start >= start);
        const childRoom = await children.roomFor(group.sections, within);
        const small = await fittingUnits(within, text, childRoom, children.meter);
        for (const piece of pack(small, childRoom, 0)) {
          const child = await children.cutOf(small.slice(piece.from, piece.to));
          const { prefix } = child;
          const whole = await parents.meter.count(embeddedText({ prefix, text: text.slice(start, end) }));
          // Where a tokenizer makes more of the whole than of its parts, the parent is too long to be one.
          const parent = whole <= parents.usable ? { start, end } : ('self' as const);
          cuts.push({ ...child, parent });
        }
      }
    }
    return children.chunks(cuts);
  },
};

/** Tokens of a child where `chunk.childTokens` is not set. */
export function defaultChildTokens(maxTokens: number): number {
  return Math.min(maxTokens, Math.max(48, Math.floor(0.4 * maxTokens)));
}
