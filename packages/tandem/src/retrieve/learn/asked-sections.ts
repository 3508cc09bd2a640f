import { dot } from '../../core/cosine.ts';
import { comparableName } from '../../text/words.ts';

/** A question of the project, and the heading below which it was answered. */
export interface AskedSection {
  /** Of the question without the names in it, unit length: "What are the symptoms of ?". */
  vector: Float32Array;
  /** As `headingKey` gives it. */
  heading: string;
  /** SHA-256 of the id of the document that answers it: where that is forgotten, the question is too. */
  document: string;
}

/** The innermost heading above a passage, as it is compared; undefined where there is only the title. */
export function headingKey(headingPath: readonly string[]): string | undefined {
  const last = headingPath.length > 1 ? comparableName(headingPath.at(-1)!) : '';
  return last === '' ? undefined : last;
}

/** Questions that are looked at, and how fast less alike ones count less: e^−1 for so much less cosine. */
const nearest = { questions: 24, cosine: 0.05 };

/**
 * How often questions like this one were answered below each heading: of the most alike ones of the project, the share of each
 * heading, weighed by how alike they are. What "how long does it take" asks for in these documents is learnt from their own questions.
 *
 * @param vector of the question without its names, unit length
 * @returns heading → share, together 1; empty where nothing is known.
 */
export function sectionsFor(
  vector: Float32Array,
  asked: readonly Pick<AskedSection, 'vector' | 'heading'>[],
): Map<string, number> {
  const alike = asked
    .map((one) => ({ heading: one.heading, cosine: dot(vector, one.vector) }))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, nearest.questions);
  const shares = new Map<string, number>();
  const weightOf = (cosine: number) => Math.exp((cosine - alike[0]!.cosine) / nearest.cosine);
  const sum = alike.reduce((total, { cosine }) => total + weightOf(cosine), 0);
  for (const { heading, cosine } of alike)
    shares.set(heading, (shares.get(heading) ?? 0) + weightOf(cosine) / sum);
  return shares;
}
