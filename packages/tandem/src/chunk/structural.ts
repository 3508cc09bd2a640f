import { type Cut, chunkWriter, fittingUnits } from './chunk-writer.ts';
import type { Chunker } from './chunker.ts';
import { sectionsOf, type Unit } from './sections.ts';

/**
 * A section is a chunk, whole, where it fits. One that does not is cut between its blocks (paragraphs, lists, tables), as many
 * to a chunk as fit, and inside a block only where the block alone is too long: between its sentences, items or rows.
 * Nothing is repeated and no two sections meet, however small they are.
 */
export const structuralChunker: Chunker = {
  strategy: 'structural',
  description: 'One section a chunk; a longer one is cut between its paragraphs, lists and tables.',
  needsEmbedder: false,
  async chunk(document, options) {
    const writer = await chunkWriter(document, options);
    const cuts: Cut[] = [];
    for (const section of await sectionsOf(document, writer.meter)) {
      const own = section.units.length > 0 ? section.units : section.heading ? [section.heading] : [];
      const room = await writer.roomFor([section], own);
      const units = await fittingUnits(own, document.text, room, writer.meter);
      for (const run of fillChunks(blocksOf(units), room)) cuts.push(await writer.cutOf(run));
    }
    return writer.chunks(cuts);
  },
};

function blocksOf(units: Unit[]): Unit[][] {
  const blocks: Unit[][] = [];
  for (const unit of units) {
    const last = blocks.at(-1);
    if (last && last[0]!.block === unit.block) last.push(unit);
    else blocks.push([unit]);
  }
  return blocks;
}

/** Blocks together as long as they fit; the units of a block too long for one chunk likewise, from a chunk of their own on. */
function fillChunks(blocks: Unit[][], room: number): Unit[][] {
  const runs: Unit[][] = [];
  let run: Unit[] = [];
  const close = () => {
    if (run.length > 0) runs.push(run);
    run = [];
  };
  for (const block of blocks) {
    if (tokensOf([...run, ...block]) <= room) {
      run.push(...block);
      continue;
    }
    close();
    for (const unit of block) {
      if (run.length > 0 && tokensOf([...run, unit]) > room) close();
      run.push(unit);
    }
  }
  close();
  return runs;
}

function tokensOf(units: Unit[]): number {
  return units.reduce((sum, unit, index) => sum + unit.tokens + (index > 0 ? unit.gapTokens : 0), 0);
}
