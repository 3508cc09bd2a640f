import type { Catalog } from '../catalog/catalog.ts';
import type { Config } from '../core/config.ts';
import { newId } from '../core/id.ts';
import type { Answer, Citation } from '../core/types/answer.ts';
import type { Passage } from '../core/types/document.ts';
import type { Retrieval } from '../retrieve/retrieval.ts';
import type { Retriever } from '../retrieve/retriever.ts';
import { type AnswerOptions, retrieveOptions } from './answerer.ts';
import { withPages } from './citations.ts';
import { type Quote, quotation } from './quotation.ts';
import { isSufficient } from './sufficiency.ts';

/**
 * An answer without a language model: what the best passage says, in its own words, each sentence, row or item cited; or that it is
 * not in the sources. Of several questions, and of several things asked about, each is answered by the passage that is best for it. It cannot be wrong about what the source says, only about which source. A trace is kept.
 */
export async function extractAnswer(
  parts: { config: Config; retriever: Retriever; catalog: Catalog },
  question: string,
  options: Partial<Omit<AnswerOptions, 'arm'>> & { maxWords?: number } = {},
): Promise<Answer> {
  const { config, retriever, catalog } = parts;
  const started = performance.now();
  const k = options.k ?? config.retrieve.k;
  const retrieved = await retriever.retrieve(question, retrieveOptions(config, k, options));
  const { passages, spelledOut, parts: about, missing } = retrieved;
  const found = isSufficient(passages, config.retrieve)
    ? quotesOf(question, retrieved, options.maxWords ?? 50)
    : [];
  const text =
    found.map(({ quote, marker }) => `${quote.text} [${marker}]`).join(' ') || config.answer.notInSources;
  const citations = await withPages(
    found.map(({ quote, marker }) => cited(quote, marker, passages[marker - 1]!)),
    catalog.documents,
  );
  const total = performance.now() - started;
  const answer: Answer = {
    question,
    arm: 'rag',
    text,
    raw: text,
    abstained: found.length === 0,
    citations,
    danglingMarkers: [],
    passages,
    ...(spelledOut && { spelledOut }),
    ...(about && { parts: about }),
    ...(missing && { missing }),
    usage: { promptTokens: 0, completionTokens: 0 },
    timings: { retrieve: total, generate: 0, total },
    traceId: newId('trace'),
  };
  const { passages: _passages, raw: _raw, traceId: id, ...traced } = answer;
  await catalog.traces.put({
    id,
    at: new Date().toISOString(),
    question,
    arm: 'rag',
    model: 'extract',
    passages,
    prompt: '',
    rawOutput: text,
    answer: traced,
  });
  return answer;
}

/** @param maxWords of each part that is answered */
function quotesOf(
  question: string,
  { passages, parts = [] }: Pick<Retrieval, 'passages' | 'parts'>,
  maxWords: number,
): { quote: Quote; marker: number }[] {
  const placeOf = (name: string) => question.toLowerCase().indexOf(name.toLowerCase());
  const asked = parts
    .toSorted((a, b) => placeOf(a.name) - placeOf(b.name))
    .flatMap(({ name, best }) => {
      const others = parts.map((part) => part.name).filter((other) => other !== name);
      return best === undefined ? [] : [{ marker: best, question: without(question, others) }];
    });
  if (asked.length === 0) asked.push({ marker: 1, question });
  const quotes = asked.flatMap((part) =>
    quotation(part.question, passages[part.marker - 1]!, maxWords).map((quote) => ({
      quote,
      marker: part.marker,
    })),
  );
  const isRepeated = (at: number) =>
    quotes.findIndex(
      ({ quote, marker }) => marker === quotes[at]!.marker && quote.start === quotes[at]!.quote.start,
    ) < at;
  return quotes.filter((_, at) => !isRepeated(at));
}

/** Of "symptoms of gout and asthma" what is asked about gout is "symptoms of gout and". */
function without(question: string, names: readonly string[]): string {
  return names.reduce((rest, name) => {
    const at = rest.toLowerCase().indexOf(name.toLowerCase());
    return at === -1 ? rest : `${rest.slice(0, at)} ${rest.slice(at + name.length)}`;
  }, question);
}

function cited({ text, start, end }: Quote, marker: number, passage: Passage): Citation {
  return {
    marker,
    documentId: passage.documentId,
    uri: passage.uri,
    start: passage.start + start,
    end: passage.start + end,
    quote: passage.text.slice(start, end),
    sentence: text,
  };
}
