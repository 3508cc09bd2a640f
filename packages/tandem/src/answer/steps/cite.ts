import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider';
import type { DocumentCatalog } from '../../catalog/catalog.ts';
import type { Settings } from '../../core/settings.ts';
import type { Answer, AnswerProblem, ArmName, Citation, Claim } from '../../core/types/answer.ts';
import type { Passage } from '../../core/types/document.ts';
import type { AdapterReference } from '../../models/local-tools.ts';
import { isAbstention } from '../abstention.ts';
import { mapCitations, statementsOf, withoutMarkers, withPages } from '../citations.ts';
import { matchMarkers } from '../match-markers.ts';
import type { PlacedQuote } from '../placed-quotes.ts';
import { rawConfidence } from '../raw-confidence.ts';
import { repeatsQuestion } from '../repeats-question.ts';
import { cutRepetition } from '../repetition.ts';
import { sentenceCosines } from '../sentence-cosines.ts';
import type { AnswerStep } from '../step.ts';
import { parseObject, setAt, valueAt } from '../structured-output.ts';

/** Takes the reply apart: the text for the reader, which spans of which documents it cites, and how sure the model was. */
export function citeStep(parts: {
  chat: LanguageModelV4;
  answer: Settings['answer'];
  documents: Pick<DocumentCatalog, 'getMany'>;
  /** Of arms that search: by it sentences are matched to passages. */
  embedder?: EmbeddingModelV4 | undefined;
  adapter?: AdapterReference | undefined;
  /** Turns the probability of the intent's tokens into a calibrated one; absent: the raw probability is given. */
  calibrate?: ((probability: number, arm: ArmName) => number) | undefined;
}): AnswerStep {
  const { answer, embedder } = parts;
  const match = async (
    text: string,
    {
      signal,
      ...asked
    }: { question: string; passages: readonly Passage[]; signal?: AbortSignal | undefined },
  ) => {
    const sentences = statementsOf(text).map(({ sentence }) => sentence);
    const cosines = embedder && (await sentenceCosines(sentences, asked, { embedder, signal }));
    return matchMarkers(text, { passages: asked.passages, ...(cosines && { cosines }) });
  };
  return {
    name: 'cite',
    async run({ request, messages = [], retrieved, reply }, { signal, emit }) {
      if (!reply) return {};
      const structured = reply.by === 'model' ? answer.output : undefined;
      const output = structured && parseObject(reply.text, structured.schema);
      const field = structured && valueAt(output, structured.textField);
      const written = structured ? (typeof field === 'string' ? field : '') : reply.text.trim();
      const passages = retrieved?.passages ?? [];
      const isModels = reply.by === 'model';
      const whole = isModels ? cutRepetition(written) : written;
      const isMatched = isModels && answer.markers === 'matched' && !isAbstention(whole, answer.notInSources);
      const { text, matched } = isMatched
        ? await match(whole, { question: request.question, passages, signal })
        : { text: whole, matched: none };
      const { citations, dangling } = citationsOf({ text, matched, passages });
      if (output && structured && text !== written) setAt(output, structured.textField, text);
      const raw =
        structured?.confidence &&
        (await rawConfidence(parts.chat, messages, reply, {
          path: structured.confidence.of,
          schema: structured.schema,
          adapter: parts.adapter,
          signal,
        }));
      const confidence = raw === undefined ? undefined : (parts.calibrate?.(raw, request.arm) ?? raw);
      if (output && structured?.confidence && confidence !== undefined)
        output[structured.confidence.field] = Math.round(confidence * 1000) / 1000;
      const placed = await withPages(citations, parts.documents);
      if (!reply.isHeld) for (const citation of placed) emit({ type: 'citation', citation });
      const abstained = reply.by === 'refusal' || isAbstention(text, answer.notInSources);
      const problems = isModels
        ? problemsOf({
            isCut: whole !== written,
            isInvalid: structured !== undefined && output === undefined,
            question: request.question,
            text,
            abstained,
            citations,
            passages,
          })
        : [];
      return {
        read: {
          text,
          ...(output && { output }),
          abstained,
          citations: placed,
          danglingMarkers: dangling,
          ...(problems.length > 0 && { problems }),
          ...(confidence !== undefined && { confidence, rawConfidence: raw! }),
        },
      };
    },
  };
}

const none: ReadonlySet<string> = new Set();

/** Markers with no words around them cite nothing. */
function citationsOf({
  text,
  matched,
  passages,
}: {
  text: string;
  matched: ReadonlySet<string>;
  passages: readonly Passage[];
}): ReturnType<typeof mapCitations> {
  const { citations, dangling } = mapCitations(text, passages);
  return {
    citations: citations
      .filter(({ sentence }) => saysSomething(sentence))
      .map((citation) =>
        matched.has(citation.sentence) ? { ...citation, setBy: 'matching' as const } : citation,
      ),
    dangling,
  };
}

function problemsOf({
  isCut,
  isInvalid,
  question,
  text,
  abstained,
  citations,
  passages,
}: Pick<Answer, 'text' | 'abstained' | 'citations'> & {
  isCut: boolean;
  isInvalid: boolean;
  question: string;
  passages: readonly Passage[];
}): AnswerProblem[] {
  if (isInvalid) return ['not valid JSON'];
  if (!saysSomething(withoutMarkers(text))) return ['nothing said'];
  return [
    ...(isCut ? (['repeated'] as const) : []),
    ...(!abstained && repeatsQuestion(withoutMarkers(text), question)
      ? (['question repeated'] as const)
      : []),
    ...(passages.length > 0 && !abstained && citations.length === 0 ? (['nothing cited'] as const) : []),
  ];
}

const saysSomething = (text: string) => /[\p{L}\p{N}]/u.test(text);

/** The same for an extract: each quote is its own citation. */
export function citeQuotesStep(parts: { documents: Pick<DocumentCatalog, 'getMany'> }): AnswerStep {
  return {
    name: 'cite',
    async run({ retrieved, reply, quotes = [] }, { emit }) {
      const passages = retrieved?.passages ?? [];
      const quoted = quotes.map((quote) => citationOf(quote, passages[quote.marker - 1]!));
      const citations = await withPages(quoted, parts.documents);
      const claims = citations.map(claimOf);
      for (const citation of citations) emit({ type: 'citation', citation });
      return {
        read: {
          text: reply?.text ?? '',
          abstained: quotes.length === 0 && reply?.by !== 'clarification',
          citations,
          danglingMarkers: [],
          ...(claims.length > 0 && { claims }),
        },
      };
    },
  };
}

/** What is quoted stands there word for word. */
function claimOf({ sentence, setBy: _, verdict: _verdict, ...span }: Citation): Claim {
  return {
    text: sentence,
    sentence,
    verdict: 'supported',
    probability: 1,
    verifier: 'quotation',
    spans: [span],
  };
}

function citationOf({ quote, marker }: PlacedQuote, passage: Passage): Citation {
  const { text, start, end } = quote;
  return {
    marker,
    documentId: passage.documentId,
    uri: passage.uri,
    start: passage.start + start,
    end: passage.start + end,
    quote: passage.text.slice(start, end),
    sentence: text,
    verdict: { label: 'supported', score: 1 },
  };
}
