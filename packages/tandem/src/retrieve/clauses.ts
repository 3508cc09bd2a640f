/** A stretch of a question that says one thing. */
export interface Clause {
  text: string;
  /** It asks: a question mark ends it, or it begins as questions do. */
  asks: boolean;
}

/**
 * A question as written, in clauses: people tell a story, then ask; or ask, then tell. Cut at ends of sentences, and where
 * punctuation is missing or a sentence is long, before words that begin a question ("… she has gout how is it treated").
 */
export function clausesOf(text: string): Clause[] {
  const clauses: Clause[] = [];
  for (const sentence of text.split(/(?<=[?!;])\s*|(?<=\.)\s+|\.{2,}|\n+|…/)) {
    let from = 0;
    const words = [...sentence.matchAll(/[^\s]+/g)];
    const cuts: number[] = [];
    for (const [index, match] of words.entries()) {
      const rest = sentence.slice(match.index);
      const last = cuts.at(-1) ?? 0;
      // Inside a question the same words only continue it: "what is the chance the kid has it too".
      const began = beginsQuestion.test(sentence.slice(words[last]!.index));
      const long = index - last >= (began ? 12 : 4) && words.length - index >= 3;
      if (long && beginsQuestion.test(rest) && !subordinating.test(words[index - 1]![0])) cuts.push(index);
      else if (index - last >= 5 && words.length - index >= 4 && /,$/.test(words[index - 1]![0]))
        cuts.push(index);
    }
    for (const index of [...cuts, words.length]) {
      const piece = words.slice(from, index);
      from = index;
      if (piece.length === 0) continue;
      const start = piece[0]!.index;
      const end = piece.at(-1)!.index + piece.at(-1)![0].length;
      const clause = sentence.slice(start, end).trim();
      if (!/[\p{L}\p{N}]/u.test(clause)) continue;
      clauses.push({ text: clause, asks: /\?["')\]]*$/.test(clause) || asks(clause) });
    }
  }
  return clauses;
}

const beginsQuestion =
  /^(?:and |but |so |or )?(?:what|which|who|why|where|how|whats|hows|is (?:it|there|this|that|he|she|anyone|anybody)|are (?:there|they|we|you)|am i|can|could|should|will|would|does|do (?:i|you|they|we|people|lots|many)|did|has (?:it|he|she|anyone)|have (?:they|i)|any (?:idea|tips|progress|news|chance))\b/i;

/** What is before a question word that only continues a sentence: "the doctor who", "I know what", "the clinic where". */
const subordinating =
  /^(?:know|explain|explains|tell|told|understand|idea|see|of|about|and|but|or|so|doctor|nurse|person|people|those|knows|wonder|wondering|ask|sure|on|to)[,.]?$/i;

const asking =
  /(?:\b(?:can|could|would|will|please|pls) (?:you |somebody |someone |anyone )?(?:please )?|^)(?:tell me|explain)\b|\b(?:wonder(?:ing)?|want(?:ed)? to (?:know|understand|learn)|need to know|like to (?:know|understand)|know (?:if|what|how|why|whether|who|where)|find out (?:if|what|how|why)|looking for|information|advice|describe|ask (?:if|what|how|about))\b/i;

function asks(clause: string): boolean {
  return beginsQuestion.test(clause) || asking.test(clause);
}
