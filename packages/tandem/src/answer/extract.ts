import type { Catalog } from '../catalog/catalog.ts';
import type { Config } from '../core/config.ts';
import { newId } from '../core/id.ts';
import type { Answer, Citation } from '../core/types/answer.ts';
import type { Passage } from '../core/types/document.ts';
import type { Retriever } from '../retrieve/retriever.ts';
import { type AnswerOptions, retrieveOptions } from './answerer.ts';
import { withPages } from './citations.ts';
import { type Quote, quotation } from './quotation.ts';
import { isSufficient } from './sufficiency.ts';

/**
 * An answer without a language model: what the best passage says, in its own words, each sentence, row or item cited; or that it is
 * not in the sources. It cannot be wrong about what the source says, only about which source. A trace is kept.
 */
export async function extractAnswer(
  parts: { config: Config; retriever: Retriever; catalog: Catalog },
  question: string,
  options: Partial<Omit<AnswerOptions, 'arm'>> & { maxWords?: number } = {},
): Promise<Answer> {
  const { config, retriever, catalog } = parts;
  const started = performance.now();
  const k = options.k ?? config.retrieve.k;
  const {
    passages,
    spelledOut,
    parts: about,
    missing,
  } = await retriever.retrieve(question, retrieveOptions(config, k, options));
  const found = isSufficient(passages, config.retrieve)
    ? quotation(question, passages[0]!, options.maxWords ?? 50)
    : [];
  const text = found.map((quote) => `${quote.text} [1]`).join(' ') || config.answer.notInSources;
  const citations = await withPages(
    found.map((quote) => cited(quote, passages[0]!)),
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

function cited({ text, start, end }: Quote, passage: Passage): Citation {
  return {
    marker: 1,
    documentId: passage.documentId,
    uri: passage.uri,
    start: passage.start + start,
    end: passage.start + end,
    quote: passage.text.slice(start, end),
    sentence: text,
  };
}
