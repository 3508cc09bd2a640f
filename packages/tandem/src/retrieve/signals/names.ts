import type { LinkedName } from '../names.ts';

/**
 * How surely a document is meant by name: how much of its name is in the question, times how distinctive the words found are. A
 * name that every document has, or that is a word of most texts, distinguishes none of them.
 *
 * @param documents in the collection
 */
export function nameStrength({ cover, weight }: LinkedName, documents: number): number {
  // What a word weighs that one of all documents has: ln(1 + documents).
  return cover * Math.min(1, weight / Math.log(1 + Math.max(2, documents)));
}
