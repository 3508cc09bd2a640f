import type { Catalog } from '../catalog/catalog.ts';
import { sentences } from '../chunk/sentences.ts';
import type { Config } from '../core/config.ts';
import { newId } from '../core/id.ts';
import type { Answer } from '../core/types/answer.ts';
import type { Retriever } from '../retrieve/retriever.ts';
import { type AnswerOptions, retrieveOptions } from './answerer.ts';
import { mapCitations, withPages } from './citations.ts';
import { isSufficient } from './sufficiency.ts';

/**
 * An answer without a language model: the first whole sentences of the best passage, in its own words, each cited; or that it
 * is not in the sources. It cannot be wrong about what the source says, only about which source. A trace is kept.
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
    parts: about,
    missing,
  } = await retriever.retrieve(question, retrieveOptions(config, k, options));
  const found = isSufficient(passages, config.retrieve)
    ? firstSentences(passages[0]!.text, options.maxWords ?? 50)
    : '';
  const text = found || config.answer.notInSources;
  const mapped = mapCitations(text, passages);
  const citations = await withPages(mapped.citations, catalog.documents);
  const total = performance.now() - started;
  const answer: Answer = {
    question,
    arm: 'rag',
    text,
    raw: text,
    abstained: found === '',
    citations,
    danglingMarkers: mapped.dangling,
    passages,
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

function firstSentences(text: string, maxWords: number): string {
  const kept: string[] = [];
  let count = 0;
  for (const { start, end } of sentences(text)) {
    const sentence = text.slice(start, end).replace(/\s+/g, ' ');
    // Headings, list items and restated questions are no answer.
    if (!/^[\p{Lu}\p{N}"'(].*[.!]["')]?$/u.test(sentence)) continue;
    const length = sentence.split(' ').length;
    if (kept.length > 0 && count + length > maxWords) break;
    kept.push(`${sentence} [1]`);
    count += length;
  }
  return kept.join(' ');
}
