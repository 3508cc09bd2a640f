import { englishStem } from './english-stemmer.ts';

/** Articles, pronouns, question words, auxiliaries, prepositions, and what is left of contractions split at the apostrophe. */
export const functionWords: readonly string[] = `
  a an the this that these those some any each every either neither all both few more most other such own same
  i me my mine myself we us our ours ourselves you your yours yourself he him his she her hers it its they them their theirs
  who whom whose which what when where why how whether
  am is are was were be been being have has had having do does did doing done can could may might must shall should will would
  and or but nor if then else so than as because while until although though
  of at by for with about against between into through to from in on off over under out up upon within without
  again once here there now just only too very also not no
  s t ll ve re d m don doesn didn isn aren wasn weren won wouldn couldn shouldn hasn haven
  please tell explain know`
  .trim()
  .split(/\s+/);

/** Their forms where endings are cut before function words are left out, which is LanceDB's order ("does" is "doe" there). */
export const functionStems: readonly string[] = [
  ...new Set(functionWords.flatMap((word) => [word, englishStem(word)])),
];

export const functionWordSet: ReadonlySet<string> = new Set(functionWords);
