import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider';
import type { Catalog } from '../../catalog/catalog.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { Settings } from '../../core/settings.ts';
import type { Adapter } from '../../core/types/adapter.ts';
import type { ArmName } from '../../core/types/answer.ts';
import type { KeptHead } from '../../decide/find-head.ts';
import type { Retriever } from '../../retrieve/retriever.ts';
import type { LexicalIndex } from '../../store/lexical-index.ts';
import type { Verifier } from '../../verify/verifier.ts';
import type { AnswerStep } from '../step.ts';
import type { SufficiencyModel } from '../sufficiency/calibration.ts';
import { assessStep } from './assess.ts';
import { citeQuotesStep, citeStep } from './cite.ts';
import { decideStep } from './decide.ts';
import { generateStep } from './generate.ts';
import { lookUpStep } from './look-up.ts';
import { promptStep } from './prompt.ts';
import { quoteStep } from './quote.ts';
import { readQuestionStep, readStep } from './read.ts';
import { recordStep } from './record.ts';
import { retrieveStep } from './retrieve.ts';
import { verifyStep } from './verify.ts';

/** The names of all steps, in order. An arm has those that it needs. */
export const stepNames = [
  'read',
  'retrieve',
  'look-up',
  'assess',
  'prompt',
  'generate',
  'cite',
  'verify',
  'record',
] as const;

/** What the steps of an arm are made of. */
export interface AnswerParts {
  arm: ArmName;
  settings: Pick<Settings, 'answer' | 'retrieve'>;
  chat: LanguageModelV4;
  catalog: Pick<Catalog, 'documents' | 'index' | 'traces'>;
  /** Needed by rag and hybrid. */
  retriever?: Retriever | undefined;
  /** Needed by rag and hybrid: the retriever's. */
  embedder?: EmbeddingModelV4 | undefined;
  /** Needed by tuned and hybrid. `file` is the GGUF LoRA; without it `chat` is the tuned model itself. */
  adapter?: { adapter: Adapter; file?: string } | undefined;
  /** What sufficiency is told by; absent: nothing. */
  sufficiency?: SufficiencyModel | undefined;
  /** What checks the claims of arms that search; absent: nothing does. */
  verifier?: Verifier | undefined;
  /** Where relative paths of `answer.live` start. */
  directory?: string;
  /** Needed by rag and hybrid where `answer.onUnsupported` is `extract`. */
  store?: Pick<LexicalIndex, 'searchTerms'> | undefined;
  /** Turns the probability of the intent's tokens into a calibrated one; absent: the raw probability is given. */
  calibrate?: ((probability: number, arm: ArmName) => number) | undefined;
}

/**
 * How an arm answers: read → retrieve (→ look-up) → assess → prompt → generate → cite → verify → record. Arms that do not search have no retrieve and assess.
 * @throws InvalidInputError where a part is missing that the arm needs.
 */
export function answerSteps({
  arm,
  settings,
  chat,
  catalog,
  retriever,
  embedder,
  ...parts
}: AnswerParts): AnswerStep[] {
  const { answer, retrieve } = settings;
  const searches = arm === 'rag' || arm === 'hybrid';
  const isTrained = arm === 'tuned' || arm === 'hybrid';
  if (isTrained && !parts.adapter)
    throw new InvalidInputError({
      domain: 'answer',
      where: 'arm',
      message: `The ${arm} arm needs a trained adapter, and there is none.`,
      hint: 'Train one first, or use the arm rag.',
    });
  if (searches && !(retriever && embedder))
    throw new InvalidInputError({
      domain: 'answer',
      where: 'arm',
      message: `The ${arm} arm needs an index, and there is none yet.`,
      hint: 'Ingest documents first.',
    });
  const { file, adapter: trained } = (isTrained && parts.adapter) || {};
  const adapter = file === undefined ? undefined : { path: file };
  const { verifier, store } = parts;
  const holds = searches && verifier !== undefined && answer.onUnsupported !== 'mark';
  const generate = generateStep({ chat, answer, adapter, holds });
  const cite = citeStep({
    chat,
    answer,
    documents: catalog.documents,
    embedder: searches ? embedder : undefined,
    adapter,
    calibrate: parts.calibrate,
  });
  return [
    readStep({ chat, answer, adapter, rewrites: rewritesQuestions(trained, answer) }),
    ...(searches
      ? [
          retrieveStep({ retriever: retriever!, retrieve }),
          ...lookUp(answer, embedder!, parts.directory),
          assessStep({ settings, catalog, embedder: embedder!, sufficiency: parts.sufficiency ?? unknown }),
        ]
      : []),
    promptStep(settings),
    generate,
    cite,
    verifyStep({
      answer,
      documents: catalog.documents,
      verifier,
      searches,
      writeAgain: [generate, cite],
      quote: store
        ? [quoteStep({ notInSources: answer.notInSources, catalog, store }), citeQuotesStep(catalog)]
        : [],
    }),
    recordStep({
      traces: catalog.traces,
      keepDays: answer.keepTracesDays,
      model: `${chat.provider}:${chat.modelId}`,
      adapterId: trained?.id,
    }),
  ];
}

/** Only where facts are declared to be live. */
function lookUp(
  { live }: Settings['answer'],
  embedder: EmbeddingModelV4,
  baseDirectory = process.cwd(),
): AnswerStep[] {
  return live.length > 0 ? [lookUpStep({ facts: live, embedder, baseDirectory })] : [];
}

const unknown: SufficiencyModel = { isGeneral: false };

/** By the setting; by default where the model was trained to, and recall on validation questions did not fall by it. */
function rewritesQuestions(trained: Adapter | undefined, { rewrite }: Settings['answer']): boolean {
  if (rewrite !== 'auto') return rewrite === 'always';
  // Adapters of before do not say: they rewrite, as they did.
  const { isTrained = true, validation } = trained?.rewriting ?? {};
  return isTrained && !(validation && validation.recallRewritten < validation.recall);
}

/** An answer without a language model: `generate` quotes the sources, and every quote is a citation. */
export function extractSteps({
  settings,
  catalog,
  retriever,
  embedder,
  store,
  sufficiency = unknown,
  directory,
}: Pick<AnswerParts, 'settings' | 'catalog' | 'sufficiency' | 'directory'> & {
  retriever: Retriever;
  embedder: EmbeddingModelV4;
  store: Pick<LexicalIndex, 'searchTerms'>;
}): AnswerStep[] {
  const { answer, retrieve } = settings;
  return [
    readQuestionStep(),
    retrieveStep({ retriever, retrieve }),
    ...lookUp(answer, embedder, directory),
    assessStep({ settings, catalog, embedder, sufficiency }),
    quoteStep({ notInSources: answer.notInSources, catalog, store }),
    citeQuotesStep(catalog),
    recordStep({ traces: catalog.traces, keepDays: answer.keepTracesDays, model: 'extract' }),
  ];
}

/** An answer of choices alone: `generate` is a head on the embedder, and nothing is searched or cited. */
export function headSteps({
  settings,
  catalog,
  embedder,
  head,
}: Pick<AnswerParts, 'settings' | 'catalog'> & { embedder: EmbeddingModelV4; head: KeptHead }): AnswerStep[] {
  return [
    readQuestionStep(),
    decideStep({ embedder, head, answer: settings.answer }),
    recordStep({ traces: catalog.traces, keepDays: settings.answer.keepTracesDays, model: head.id }),
  ];
}
