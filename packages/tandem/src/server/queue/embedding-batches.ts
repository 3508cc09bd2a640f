import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { ServedEmbedding } from '../models/served-model.ts';

interface Request {
  texts: readonly string[];
  resolve(result: { embeddings: number[][]; tokens: number }): void;
  reject(error: unknown): void;
}

/** Texts of one call of a model: more waste no time by waiting, and an abort is heard between calls. */
const mostTexts = 64;

/**
 * Embeds what several requests want in common calls: whatever comes while a model is busy goes into its next call, so that ten requests of one
 * text take little longer than one of ten. A request that fails alone is tried alone, so that no other pays for it.
 */
export class EmbeddingBatches {
  readonly #waiting = new Map<string, Request[]>();

  async embed(
    served: ServedEmbedding,
    model: EmbeddingModelV4,
    texts: readonly string[],
    { caller, signal }: { caller: string; signal: AbortSignal },
  ): Promise<{ embeddings: number[][]; tokens: number }> {
    if (texts.length > mostTexts) return this.#embedMany(served, model, texts, { caller, signal });
    const { promise, resolve, reject } = Promise.withResolvers<{ embeddings: number[][]; tokens: number }>();
    const request: Request = { texts, resolve, reject };
    const own = this.#waiting.get(served.id);
    if (own) own.push(request);
    else {
      this.#waiting.set(served.id, [request]);
      // The first of a batch takes a turn for all that come until then.
      served.queue
        .run(caller, () => this.#embedWaiting(served.id, model))
        .catch((error) => {
          for (const each of this.#take(served.id)) each.reject(error);
        });
    }
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', leave));
  }

  async #embedMany(
    served: ServedEmbedding,
    model: EmbeddingModelV4,
    texts: readonly string[],
    { caller, signal }: { caller: string; signal: AbortSignal },
  ): Promise<{ embeddings: number[][]; tokens: number }> {
    const embeddings: number[][] = [];
    let tokens = 0;
    for (let from = 0; from < texts.length; from += mostTexts) {
      const some = texts.slice(from, from + mostTexts);
      // A turn for each call: a long list delays others by one call, not by all.
      const result = await served.queue.run(caller, () => call(model, some), signal);
      embeddings.push(...result.embeddings);
      tokens += result.tokens;
    }
    return { embeddings, tokens };
  }

  async #embedWaiting(id: string, model: EmbeddingModelV4): Promise<void> {
    const requests = this.#take(id);
    try {
      const { embeddings, tokens } = await call(
        model,
        requests.flatMap(({ texts }) => texts),
      );
      const characters = requests.map(({ texts }) => texts.reduce((sum, text) => sum + text.length, 0));
      const all = characters.reduce((sum, count) => sum + count, 0) || 1;
      let from = 0;
      for (const [at, { texts, resolve }] of requests.entries()) {
        resolve({
          embeddings: embeddings.slice(from, from + texts.length),
          tokens: requests.length === 1 ? tokens : Math.max(1, Math.round((tokens * characters[at]!) / all)),
        });
        from += texts.length;
      }
    } catch (error) {
      if (requests.length === 1) {
        requests[0]!.reject(error);
        return;
      }
      for (const { texts, resolve, reject } of requests) await call(model, texts).then(resolve, reject);
    }
  }

  #take(id: string): Request[] {
    const requests = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    return requests;
  }
}

async function call(model: EmbeddingModelV4, texts: readonly string[]) {
  const { embeddings, usage } = await model.doEmbed({ values: [...texts] });
  return { embeddings: embeddings.map((vector) => [...vector]), tokens: usage?.tokens ?? 0 };
}
