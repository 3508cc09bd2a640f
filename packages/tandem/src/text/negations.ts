import { foldedWords } from './words.ts';

/** Words that turn what a sentence says around, as `foldedWords` writes them: "don't" is "dont". In some languages of Europe. */
export const negations: ReadonlySet<string> = new Set(
  `no not never none nobody nothing neither nor without cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt shouldnt mustnt hasnt havent
  nicht kein keine keiner keinen nie niemals ohne ne pas jamais aucun aucune sans nunca ningun ninguna sin non mai nessun nessuna senza`.split(
    /\s+/,
  ),
);

/** Whether a text has one of them. */
export function isNegated(text: string): boolean {
  return foldedWords(text).some((word) => negations.has(word));
}
