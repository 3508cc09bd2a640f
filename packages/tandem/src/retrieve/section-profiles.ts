import { dot, unit } from '../core/cosine.ts';
import { comparableName } from '../text/words.ts';

/** What documents say below a heading that many of them have: "Treatment", "Returns", "Installation". */
export interface SectionProfiles {
  /** Cosine of a question's vector to what is peculiar to the sections below these headings; 0 where nothing is known. */
  similarity(vector: Float32Array, headings: readonly string[]): number;
  readonly headings: number;
}

/** Fewer documents than this with a heading say nothing general about it. */
const fewestDocuments = 5;

/**
 * The mean vector of the passages below each heading, less the mean of all: what those sections have in common whatever they are
 * about. This needs no labels: the documents' own structure says what belongs together.
 */
export function sectionProfilesOf(
  passages: Iterable<{ documentId: string; headings: readonly string[]; vector: Float32Array }>,
): SectionProfiles {
  const sums = new Map<string, { sum: Float64Array; count: number; documents: Set<string> }>();
  let total: Float64Array | undefined;
  let count = 0;
  for (const { documentId, headings, vector } of passages) {
    total ??= new Float64Array(vector.length);
    count++;
    add(total, vector);
    const key = keyOf(headings);
    if (key === undefined) continue;
    let entry = sums.get(key);
    if (!entry) {
      entry = { sum: new Float64Array(vector.length), count: 0, documents: new Set() };
      sums.set(key, entry);
    }
    add(entry.sum, vector);
    entry.count++;
    entry.documents.add(documentId);
  }
  const profiles = new Map<string, Float32Array>();
  for (const [key, { sum, count: own, documents }] of sums)
    if (documents.size >= fewestDocuments)
      profiles.set(key, unit(Float32Array.from(sum, (value, at) => value / own - total![at]! / count)));
  return {
    headings: profiles.size,
    similarity(vector, headings) {
      const key = keyOf(headings);
      const profile = key === undefined ? undefined : profiles.get(key);
      return profile ? dot(vector, profile) : 0;
    },
  };
}

/** The innermost heading: it says what kind of section this is. */
function keyOf(headings: readonly string[]): string | undefined {
  const last = headings.at(-1);
  return last === undefined ? undefined : comparableName(last);
}

function add(sum: Float64Array, vector: Float32Array): void {
  for (let at = 0; at < vector.length; at++) sum[at]! += vector[at]!;
}
