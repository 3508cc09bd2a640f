/** How long verifying an answer of five sentences takes, by word overlap and by the cross-encoder. */
import type { CrossEncoder } from '@tandem/nn';
import { checkClaims } from '../../packages/tandem/src/answer/check-claims.ts';
import { mapCitations } from '../../packages/tandem/src/answer/citations.ts';
import type { Passage } from '../../packages/tandem/src/core/types/document.ts';
import { crossEncoderVerifier } from '../../packages/tandem/src/verify/cross-encoder-verifier.ts';
import { overlapVerifier } from '../../packages/tandem/src/verify/overlap-verifier.ts';
import { linesOf } from '../data/json-lines.ts';

interface GivenSentence {
  project: string;
  sentence: string;
  evidence: { title: string; heading: string; uri: string; text: string }[];
}

/** Answers of five sentences that arms wrote, of one project, each citing its first passage; all their passages are at hand. */
function answersOf(file: string): { text: string; passages: Passage[] }[] {
  const byProject = [...Map.groupBy(linesOf<GivenSentence>(file), ({ project }) => project).values()];
  return byProject.flatMap((rows) =>
    Array.from({ length: Math.floor(rows.length / 5) }, (_, at) => {
      const own = rows.slice(at * 5, at * 5 + 5);
      const texts = [...new Set(own.flatMap(({ evidence }) => evidence.map(({ text }) => text)))];
      const passages = texts.map((text, place): Passage => {
        const { title, heading, uri } = own
          .flatMap(({ evidence }) => evidence)
          .find((each) => each.text === text)!;
        return {
          id: `${uri}#${place}`,
          documentId: uri,
          uri,
          title,
          ordinal: place,
          start: 0,
          end: text.length,
          text,
          headingPath: [heading],
          rank: place + 1,
          score: 1,
          scores: {},
        } as Passage;
      });
      const text = own
        .map(({ sentence, evidence }) => `${sentence} [${texts.indexOf(evidence[0]!.text) + 1}]`)
        .join(' ');
      return { text, passages };
    }),
  );
}

/** Prints milliseconds at the median and the 95th percentile. */
export async function tellAnswerTimes(file: string, encoder: CrossEncoder | undefined): Promise<void> {
  const answers = answersOf(file);
  for (const verifier of [overlapVerifier(), ...(encoder ? [crossEncoderVerifier(encoder)] : [])]) {
    const times: number[] = [];
    for (const { text, passages } of answers) {
      const began = performance.now();
      await checkClaims(text, { passages, citations: mapCitations(text, passages).citations, verifier });
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    const within = (share: number) => times[Math.floor(share * times.length)]!.toFixed(0);
    console.log(
      `${verifier.name}: an answer of five sentences takes ${within(0.5)} ms at the median, ${within(0.95)} ms at the 95th percentile (${answers.length} answers)`,
    );
  }
}
