import { type Span, trimmed } from '../text/sentences.ts';

/** Counts tokens as the embedder does, with or without special tokens. */
export type CountTokens = (text: string) => number | Promise<number>;

/** Counts the tokens of a part of a chunk: without the special tokens that a whole chunk has once. */
export interface TokenMeter {
  special: number;
  count(text: string): number | Promise<number>;
}

/**
 * More characters than this for a token do not occur in language: WordPiece counts one token for any "word" of more than
 * a hundred characters, and a page of base64 must not pass for a short sentence.
 */
const charactersPerToken = 16;

export async function tokenMeter(countTokens: CountTokens): Promise<TokenMeter> {
  const special = await countTokens('');
  const known = (tokens: number, text: string) =>
    Math.max(tokens - special, Math.ceil(text.length / charactersPerToken));
  return {
    special,
    count(text) {
      const tokens = countTokens(text);
      return typeof tokens === 'number' ? known(tokens, text) : tokens.then((number) => known(number, text));
    },
  };
}

/**
 * Halves a span until its parts have at most `room` tokens, at the best place near each middle: a line's end, a
 * semicolon or colon, a comma, a space; inside a word only where there is no space, and never inside a code point.
 */
export async function splitLong(span: Span, text: string, room: number, meter: TokenMeter): Promise<Span[]> {
  const { start, end } = trimmed(text, span.start, span.end);
  if (start === end) return [];
  if ((await meter.count(text.slice(start, end))) <= room) return [{ start, end }];
  const cut = cutNearMiddle(text, start, end);
  if (cut === undefined) return [{ start, end }];
  return [
    ...(await splitLong({ start, end: cut }, text, room, meter)),
    ...(await splitLong({ start: cut, end }, text, room, meter)),
  ];
}

const breaks = [/\n/g, /[;:.!?][)"'”’]*\s/g, /,\s/g, /\s/g];

function cutNearMiddle(text: string, start: number, end: number): number | undefined {
  const quarter = Math.floor((end - start) / 4);
  const middle = start + 2 * quarter;
  const zones: [number, number][] = [
    [start + quarter, end - quarter],
    [start, end],
  ];
  for (const [from, to] of zones) {
    const zone = text.slice(from, to);
    for (const pattern of breaks) {
      let best: number | undefined;
      for (const match of zone.matchAll(pattern)) {
        const place = from + match.index + match[0].length;
        if (place <= start || place >= end) continue;
        if (best === undefined || Math.abs(place - middle) < Math.abs(best - middle)) best = place;
      }
      if (best !== undefined) return best;
    }
  }
  // Not between the halves of a surrogate pair, and not before a mark that combines with what it follows.
  for (let place = Math.max(middle, start + 1); place < end; place++) {
    if (!isInsideCharacter(text, place)) return place;
  }
  for (let place = middle; place > start; place--) if (!isLowSurrogate(text, place)) return place;
  return undefined;
}

function isInsideCharacter(text: string, place: number): boolean {
  return (
    isLowSurrogate(text, place) ||
    /^(?:\p{M}|\u200d)/u.test(text.slice(place, place + 2)) ||
    text[place - 1] === '\u200d'
  );
}

function isLowSurrogate(text: string, place: number): boolean {
  const code = text.charCodeAt(place);
  const before = text.charCodeAt(place - 1);
  return code >= 0xdc00 && code <= 0xdfff && before >= 0xd800 && before <= 0xdbff;
}
