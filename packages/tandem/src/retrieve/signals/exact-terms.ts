/**
 * Codes, part numbers and the like in a question: letters and digits joined by - / . or _ ("GK-19", "77-A", "v2.1"), of which
 * full-text search takes the parts for words, and finds what shares a number; and long ones ("N5921D", "EGHU7731204"), which are
 * one word among many. "B12" is neither, unless nothing else is asked. What only counts or measures ("5mg", "2nd", "60-year-old",
 * "24/7") is none.
 */
export function exactTermsOf(question: string): { text: string; start: number; end: number }[] {
  return [...question.matchAll(/[\p{L}\p{N}]+(?:[-/._][\p{L}\p{N}]+)*/gu)]
    .map(({ 0: text, index }) => ({ text, start: index, end: index + text.length }))
    .filter(
      ({ text }) =>
        /\p{L}/u.test(text) &&
        /\p{N}/u.test(text) &&
        !measures.test(text) &&
        (/[^\p{L}\p{N}]/u.test(text) || isLongCode(text) || text === question.trim()),
    );
}

const isLongCode = (text: string) => text.length >= 5 && (text.match(/\p{N}/gu)?.length ?? 0) >= 2;

const measures = /^\p{N}+(?:[.,/]\p{N}+)*(?:\p{Ll}|[-/._]\p{L}{2})/u;

/** Those of the terms that a passage or the headings above it have. */
export function termsIn(
  { headingPath, text }: { headingPath: readonly string[]; text: string },
  terms: readonly string[],
): string[] {
  return terms.length === 0 ? [] : terms.filter((term) => hasTerm([...headingPath, text].join('\n'), term));
}

/** Whether a text has a term as it is, capitals aside; "GK-19" is not in "GK-190", nor in "DGK-19" or "GK-19-B". */
function hasTerm(text: string, written: string): boolean {
  const term = written.toLowerCase();
  const lower = text.toLowerCase();
  for (let at = lower.indexOf(term); at >= 0; at = lower.indexOf(term, at + 1)) {
    const before = lower.slice(Math.max(0, at - 2), at);
    const after = lower.slice(at + term.length, at + term.length + 2);
    if (!/[\p{L}\p{N}][-_]?$/u.test(before) && !/^[-_]?[\p{L}\p{N}]/u.test(after)) return true;
  }
  return false;
}
