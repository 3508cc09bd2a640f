import type { TraceCatalog } from '../../catalog/catalog.ts';
import { newId } from '../../core/id.ts';
import { overlapOf } from '../../core/span-overlap.ts';
import type { Answer, SourceSpan, Trace } from '../../core/types/answer.ts';
import type { AnswerState, AnswerStep, Assessment } from '../step.ts';

/** Puts the answer together and keeps its trace: both are made here only, from what the steps gave. */
export function recordStep(parts: {
  traces: Pick<TraceCatalog, 'put' | 'dropBefore'>;
  /** Older traces are dropped. */
  keepDays?: number | undefined;
  /** `provider:model`, or `extract`. */
  model: string;
  adapterId?: string | undefined;
}): AnswerStep {
  return {
    name: 'record',
    async run(state) {
      const answer = answerOf(state, newId('trace'));
      await parts.traces.put(traceOf(state, answer, parts));
      if (parts.keepDays !== undefined)
        await parts.traces.dropBefore(new Date(Date.now() - parts.keepDays * dayMs).toISOString());
      return { answer };
    },
  };
}

const dayMs = 86_400_000;

function answerOf(state: AnswerState, traceId: string): Answer {
  const { request, rewrite, retrieved, assessed, reply, read, notes } = state;
  const searched = (rewrite?.reply.milliseconds ?? 0) + (retrieved?.milliseconds ?? 0);
  const generated = reply?.milliseconds ?? 0;
  return {
    question: request.question,
    arm: request.arm,
    text: '',
    abstained: false,
    citations: [],
    danglingMarkers: [],
    ...read,
    ...outcomeOf(state),
    ...(assessed?.sufficiency && { sufficiency: assessed.sufficiency }),
    raw: reply?.text ?? '',
    ...(reply?.finishReason && { finishReason: reply.finishReason }),
    passages: retrieved?.passages ?? [],
    ...(rewrite?.searchQuery && { searchQuery: rewrite.searchQuery }),
    ...(retrieved?.spelledOut && { spelledOut: retrieved.spelledOut }),
    ...(retrieved?.parts && { parts: retrieved.parts }),
    ...(retrieved?.missing && { missing: retrieved.missing }),
    ...(notes && { notes }),
    usage: {
      promptTokens: (rewrite?.reply.promptTokens ?? 0) + (reply?.promptTokens ?? 0),
      completionTokens: (rewrite?.reply.completionTokens ?? 0) + (reply?.completionTokens ?? 0),
    },
    timings: {
      ...(rewrite && { rewrite: rewrite.reply.milliseconds }),
      ...(retrieved && { retrieve: retrieved.milliseconds }),
      ...(reply?.firstToken !== undefined && { firstToken: searched + reply.firstToken }),
      generate: generated,
      total: searched + generated,
    },
    traceId,
  };
}

/** By what was expected before and what came of it. */
function outcomeOf({
  assessed,
  reply,
  read,
}: AnswerState): Pick<Answer, 'outcome' | 'unanswered' | 'choices' | 'conflicting'> {
  const { expected, choices, unanswered, conflicting } = assessed ?? {};
  if (reply?.by === 'clarification') return { outcome: 'clarify', choices: choices! };
  // Nothing that could be read is no answer.
  if (!read || read.abstained || (read.text.trim() === '' && !read.output))
    return { outcome: 'not in the sources' };
  if (conflicting && restsOn(read, conflicting)) return { outcome: 'conflict', conflicting };
  if (expected === 'clarify') return { outcome: 'clarify', choices: choices! };
  return isPartial(read, { expected, unanswered })
    ? { outcome: 'partial', ...(unanswered && { unanswered }) }
    : { outcome: 'answer' };
}

/** Whether what is said has to do with one of these spans: two sentences that nobody goes by are no conflict for the reader. */
function restsOn(
  { citations, claims = [] }: NonNullable<AnswerState['read']>,
  spans: readonly SourceSpan[],
): boolean {
  const used = [...citations, ...claims.flatMap((claim) => claim.spans)];
  return spans.some((span) =>
    used.some((each) => each.documentId === span.documentId && overlapOf(each, span) > 0),
  );
}

function isPartial(
  { claims = [], revision }: NonNullable<AnswerState['read']>,
  { expected, unanswered }: Pick<Partial<Assessment>, 'expected' | 'unanswered'>,
): boolean {
  if (expected === 'partial' || unanswered !== undefined) return true;
  if (revision && revision.action !== 'quoted') return true;
  const checked = claims.filter(({ verdict }) => verdict !== 'not checked');
  return checked.length > 0 && checked.every(({ verdict }) => verdict !== 'supported');
}

function traceOf(
  { rewrite, messages, reply, steps }: AnswerState,
  { passages, raw, traceId, ...answer }: Answer,
  { model, adapterId }: { model: string; adapterId?: string | undefined },
): Trace {
  return {
    id: traceId,
    at: new Date().toISOString(),
    question: answer.question,
    arm: answer.arm,
    model,
    ...(adapterId !== undefined && { adapterId }),
    ...(answer.searchQuery && { searchQuery: answer.searchQuery }),
    ...(rewrite && { rewritePrompt: rewrite.reply.prompt }),
    passages,
    prompt: reply?.prompt ?? '',
    ...(reply?.by === 'model' && messages && { messages }),
    rawOutput: raw,
    answer,
    steps: [...steps],
  };
}
