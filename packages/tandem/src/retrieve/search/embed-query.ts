import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { unit } from '../../core/cosine.ts';
import { localToolsOf } from '../../models/local-tools.ts';

/**
 * Vectors of unit length. A text longer than the model reads is embedded in pieces, and its vector is their mean: a question may be
 * a page long, and no part of it says beforehand that it can be left out.
 */
export async function embedQueries(
  embedder: EmbeddingModelV4,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const tools = localToolsOf(embedder);
  const fits = (text: string) => !tools || tools.countTokens(text) <= tools.maxQueryTokens;
  const pieces = texts.map((text) => inPieces(text, fits));
  const values = pieces.flat();
  if (values.length === 0) return [];
  const { embeddings } = await embedder.doEmbed({
    values,
    providerOptions: { tandem: { role: 'query' } },
    ...(signal && { abortSignal: signal }),
  });
  let at = 0;
  return pieces.map(({ length }) => {
    const own = embeddings.slice(at, at + length).map((vector) => unit(Float32Array.from(vector)));
    at += length;
    const mean = own[0]!;
    for (const other of own.slice(1)) for (let i = 0; i < mean.length; i++) mean[i]! += other[i]!;
    return length > 1 ? unit(mean) : mean;
  });
}

function inPieces(text: string, fits: (text: string) => boolean): string[] {
  if (fits(text) || text.length < 2) return [text];
  const middle = Math.floor(text.length / 2);
  const space = text.indexOf(' ', middle);
  const cut = space > 0 && space < text.length - 1 ? space : text.lastIndexOf(' ', middle);
  // A word without end is cut inside, but not inside a character.
  const at = cut > 0 ? cut : middle + (/[\udc00-\udfff]/.test(text[middle]!) ? 1 : 0);
  return [text.slice(0, at), text.slice(at)].flatMap((half) =>
    half.trim() === '' ? [] : inPieces(half, fits),
  );
}
