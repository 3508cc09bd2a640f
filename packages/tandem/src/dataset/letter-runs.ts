import { withoutMarkers } from '../answer/citations.ts';

/** Runs of letters and digits in lower case, markers left out: ROUGE's tokens (without stemming). */
export function letterRuns(text: string): string[] {
  return (
    withoutMarkers(text)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}
