import { countCommon } from './trigrams.ts';

/** Hashes in a signature, and how many of them make up a band: two texts that share half of their pieces share a band nearly always. */
const hashes = 128;
const rowsInBand = 4;

/**
 * Pairs of sets that may share much (Jaccard ≥ .5), by MinHash in bands (Broder 1997; Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", ch. 3). It compares no
 * two sets, so that a hundred thousand take minutes; whoever asks compares the pairs. A set of .8 in common is missed once in ten million times, one of .6 once in eighty.
 *
 * @returns each pair once, as places in `sets`, the lower first
 */
export function* similarPairs(sets: readonly ReadonlySet<string>[]): Generator<[number, number]> {
  const signatures = sets.map(signatureOf);
  const seen = new Set<number>();
  for (let band = 0; band < hashes; band += rowsInBand) {
    const buckets = new Map<string, number[]>();
    for (const [at, signature] of signatures.entries()) {
      if (!signature) continue;
      const key = signature.subarray(band, band + rowsInBand).join();
      const bucket = buckets.get(key);
      if (!bucket) {
        buckets.set(key, [at]);
        continue;
      }
      for (const other of bucket) {
        const pair = other * sets.length + at;
        if (seen.has(pair)) continue;
        seen.add(pair);
        yield [other, at];
      }
      // What is in a large bucket is alike among itself: comparing with the first of them finds it.
      if (bucket.length < mostInBucket) bucket.push(at);
    }
  }
}

const mostInBucket = 50;

/** Share of what two sets have together that both have. */
export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const common = countCommon(a, b);
  return common === 0 ? 0 : common / (a.size + b.size - common);
}

/** Undefined for an empty set, which is like none. */
function signatureOf(pieces: ReadonlySet<string>): Uint32Array | undefined {
  if (pieces.size === 0) return undefined;
  const least = new Uint32Array(hashes).fill(0xffffffff);
  for (const piece of pieces) {
    const hash = hashOf(piece);
    for (let at = 0; at < hashes; at++) {
      let mixed = Math.imul(hash ^ seeds[at]!, 0x9e3779b1);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
      mixed = (mixed ^ (mixed >>> 13)) >>> 0;
      if (mixed < least[at]!) least[at] = mixed;
    }
  }
  return least;
}

/** FNV-1a, over UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

const seeds = Uint32Array.from({ length: hashes }, (_, at) => Math.imul(at + 1, 0x27d4eb2f) ^ (at << 7));
