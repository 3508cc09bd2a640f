import type { TemplateVocabulary } from './chat-template.ts';

/** A vocabulary of characters, so that tokens can be read back; special tokens are numbered from 0x110000. */
export function characterVocabulary(
  specials: string[],
  options: Partial<TemplateVocabulary> = {},
): TemplateVocabulary & { decode(tokens: number[]): string } {
  const specialTokens = new Map(specials.map((text, index) => [text, 0x110000 + index]));
  return {
    specialTokens,
    bosToken: 0x110000,
    bosText: specials[0] ?? '',
    eosText: specials[1] ?? '',
    prependBos: false,
    isEndOfGeneration: (token) => token === 0x110001,
    encodeText: (text) => [...text].map((character) => character.codePointAt(0) as number),
    ...options,
    decode: (tokens) =>
      tokens
        .map((token) => (token >= 0x110000 ? specials[token - 0x110000] : String.fromCodePoint(token)))
        .join(''),
  };
}
