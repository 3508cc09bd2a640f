import type { Block } from '../core/types/document.ts';
import { OversizedFile } from './office/damaged.ts';

/** Characters: fifty times the longest handbook, and within what a string may have. */
const mostText = 100_000_000;

/** Writes text and its blocks together, so that offsets are right by construction. Blocks are parted by a blank line. */
export class StructuredText {
  text = '';
  readonly blocks: Block[] = [];

  /** Adds a block without the white space around it; nothing for a blank one. */
  add(
    kind: Block['kind'],
    content: string,
    properties: { level?: number; page?: number; lines?: number[] } = {},
  ): void {
    const trimmed = content.trim();
    if (trimmed === '') return;
    if (this.text.length + trimmed.length > mostText)
      throw new OversizedFile(`its text has more than ${mostText / 1e6} million characters`);
    if (this.text !== '') this.text += '\n\n';
    const start = this.text.length;
    this.text += trimmed;
    this.blocks.push({ kind, start, end: this.text.length, ...properties });
  }
}
