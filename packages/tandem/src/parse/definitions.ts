import type { Document } from '../core/types/document.ts';
import { isAbbreviation } from '../text/abbreviation-form.ts';
import { comparableLongForm, findAbbreviations } from '../text/abbreviations.ts';

/**
 * The abbreviations that a document's text defines, each with each of its long forms once, in the order of the text. Those of
 * one word with two capitals, or a capital and a digit: what a question can be seen to abbreviate.
 */
export function definitionsIn({
  text,
  blocks,
}: Pick<Document, 'text' | 'blocks'>): { abbreviation: string; longForm: string }[] {
  const found = new Map<string, { abbreviation: string; longForm: string }>();
  for (const { kind, start, end } of blocks) {
    if (kind === 'code') continue;
    const block = text.slice(start, end);
    if (!block.includes('(')) continue;
    // Items of a list and cells of a table end as sentences do; a paragraph's sentences run over its lines.
    const parts = kind === 'list' || kind === 'table' ? block.split(/[\n|]/) : [block.replace(/\n/g, ' ')];
    for (const part of parts) {
      if (!part.includes('(')) continue;
      for (const { short, long } of findAbbreviations(withoutMarks(part))) {
        // "(BCPs)" defines BCP.
        const abbreviation =
          /^\p{Lu}[\p{Lu}\p{N}]+s$/u.test(short) && /s$/i.test(long) ? short.slice(0, -1) : short;
        if (!isAbbreviation(abbreviation)) continue;
        const longForm = long.replace(/^["'“‘*_]+|["'”’*_,]+$/g, '').trim();
        const key = JSON.stringify([abbreviation, comparableLongForm(longForm)]);
        if (found.has(key)) continue;
        found.set(key, { abbreviation, longForm });
        if (found.size === mostDefinitions) return [...found.values()];
      }
    }
  }
  return [...found.values()];
}

/** More abbreviations than this are an index of them, and the rest is ignored. */
const mostDefinitions = 300;

/** Without emphasis, code marks, link targets and escapes; in linear time, for a block may be a whole book. */
function withoutMarks(markdown: string): string {
  return markdown
    .replace(/!?\[([^[\]]{0,300})\]\([^()\s]{0,300}\)/g, '$1')
    .replace(/(?<!\\)[*`]+|(?<![\p{L}\p{N}\\])_+|_+(?![\p{L}\p{N}])/gu, '')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1');
}
