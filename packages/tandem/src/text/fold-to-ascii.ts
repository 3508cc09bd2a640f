/**
 * A lower-case word with the letters of a–z in place of those that are a–z with something to them: accents ("é" → "e"), strokes
 * ("ø" → "o"), ligatures ("æ" → "ae", "ﬁ" → "fi"), full width, raised digits. As Lucene's ASCIIFoldingFilter does; letters of other
 * scripts stay with their marks.
 */
export function foldToAscii(word: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is meant
  return word.replace(/[^\u0000-\u007f]/gu, (letter) => {
    let folded = foldings.get(letter);
    if (folded === undefined) foldings.set(letter, (folded = fold(letter)));
    return folded;
  });
}

function fold(letter: string): string {
  const plain = letter.normalize(compatible.test(letter) ? 'NFKD' : 'NFD').replace(/\p{M}/gu, '');
  return /^[a-z0-9]+$/.test(plain) ? plain : letter;
}

/** Raised, lowered, circled and full-width forms, ligatures and the long s. */
const compatible = /[²³¹ſĳǆǉǌǳ⁰-ₜ①-⓿ﬀ-ﬆ０-９ａ-ｚ]/u;

/** Letter → what it is folded to: those that Unicode does not take apart, and then all that was folded before. */
const foldings = new Map<string, string>(
  Object.entries({
    a: 'ə ɐ',
    ae: 'æ ǣ ǽ',
    b: 'ƀ ɓ ƃ',
    c: 'ƈ ȼ',
    d: 'đ ð ɖ ɗ ƌ',
    e: 'ǝ ɛ ɇ',
    f: 'ƒ',
    g: 'ɠ ɡ',
    h: 'ħ ɦ',
    hv: 'ƕ',
    i: 'ı ɨ',
    j: 'ȷ ɉ',
    k: 'ƙ',
    l: 'ł ŀ ƚ ɫ',
    m: 'ɯ ɱ',
    n: 'ŋ ŉ ɲ ƞ',
    o: 'ø ɔ ɵ ǿ',
    oe: 'œ',
    ou: 'ȣ',
    p: 'ƥ',
    q: 'ĸ ɋ',
    r: 'ɍ ɾ',
    s: 'ẛ',
    ss: 'ß',
    t: 'ŧ ƫ ƭ ʈ',
    th: 'þ',
    u: 'ʉ',
    v: 'ʋ ʌ',
    w: 'ƿ',
    y: 'ƴ ɏ',
    z: 'ƶ ȥ ȝ',
  }).flatMap(([plain, letters]) => letters.split(' ').map((letter) => [letter, plain] as const)),
);
