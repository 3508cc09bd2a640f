import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tokenBytes } from './token-bytes.ts';

it('bytes of byte-level tokens join to the text, wherever a character is cut', () => {
  // The characters that GPT-2 writes bytes as: those that print stand for themselves, the others follow from U+0100 on.
  const prints = (byte: number) => /[!-~\u00a1-\u00ac\u00ae-\u00ff]/.test(String.fromCharCode(byte));
  const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !prints(byte));
  const written = (byte: number) => String.fromCodePoint(prints(byte) ? byte : 256 + others.indexOf(byte));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 5 }), (text, size) => {
      const bytes = [...Buffer.from(text)];
      const tokens: string[] = [];
      for (let from = 0; from < bytes.length; from += size)
        tokens.push(
          bytes
            .slice(from, from + size)
            .map(written)
            .join(''),
        );
      const joined = tokens.flatMap((_, token) => tokenBytes({ model: 'gpt2', tokens }, token) ?? []);
      expect(joined).toEqual(bytes);
    }),
  );
  expect(tokenBytes({ model: 'gpt2', tokens: ['Ġhi', 'æĹ', 'Ċ'] }, 0)).toEqual([0x20, 0x68, 0x69]);
  expect(tokenBytes({ model: 'gpt2', tokens: ['Ġhi', 'æĹ', 'Ċ'] }, 1)).toEqual([0xe6, 0x97]);
});

it('of SentencePiece, special tokens and what is not known', () => {
  const table = { model: 'llama', tokens: ['▁hi', '<0xE6>', '<s>', '日'], types: [1, 6, 3, 1] };
  expect(tokenBytes(table, 0)).toEqual([0x20, 0x68, 0x69]);
  expect(tokenBytes(table, 1)).toEqual([0xe6]);
  expect(tokenBytes(table, 2)).toEqual([...Buffer.from('<s>')]);
  expect(tokenBytes(table, 3)).toEqual([0xe6, 0x97, 0xa5]);
  expect(tokenBytes(table, 4)).toBeUndefined();
  expect(tokenBytes({ ...table, model: 'bert' }, 3)).toBeUndefined();
});
