import { StepError } from '../core/errors/step-error.ts';
import type { Answer } from '../core/types/answer.ts';
import { untilAborted } from '../core/until-aborted.ts';
import type { AnswerEvent } from './events.ts';
import type { AnswerRequest, AnswerState, AnswerStep, StepContext } from './step.ts';

/** Runs the steps one after another, each on what those before it gave. The last one gives the answer. */
export async function runSteps(
  steps: readonly AnswerStep[],
  request: AnswerRequest,
  options: {
    signal?: AbortSignal | undefined;
    /** Called with what happens; with it the reply is written piece by piece. */
    onEvent?: (event: AnswerEvent) => void;
  } = {},
): Promise<Answer> {
  const { signal: caller = new AbortController().signal, onEvent } = options;
  let written = false;
  const send = onceForEachCitation(onEvent);
  const emit = (event: AnswerEvent) => {
    written ||= event.type === 'text';
    send(event);
  };
  const context = { caller, emit, streams: onEvent !== undefined };
  let state: AnswerState = { request, steps: [] };
  for (const step of steps) {
    context.emit({ type: 'step-start', step: step.name });
    const started = performance.now();
    const given = await runStep(step, state, context);
    const milliseconds = performance.now() - started;
    // A reply that nobody wrote piece by piece: a refusal, or the sources' own words.
    if (given.reply && !written && !given.reply.isHeld) emit({ type: 'text', text: given.reply.text });
    state = {
      ...state,
      ...given,
      ...(given.notes && { notes: { ...state.notes, ...given.notes } }),
      steps: [...state.steps, { name: step.name, milliseconds }],
    };
    context.emit({ type: 'step-end', step: step.name, milliseconds });
  }
  if (state.answer) return state.answer;
  throw new StepError({
    step: steps.at(-1)?.name ?? 'none',
    state,
    message: 'The last step ended without an answer.',
    hint: 'The last step must give `answer`: keep `record` in the list.',
  });
}

/** Citations that were reported while the reply was written are not reported again when all of it is read. */
function onceForEachCitation(onEvent: (event: AnswerEvent) => void = () => {}) {
  const told = new Set<string>();
  return (event: AnswerEvent) => {
    if (event.type === 'citation') {
      const { marker, documentId, start, end, sentence } = event.citation;
      const key = JSON.stringify([marker, documentId, start, end, sentence]);
      if (told.has(key)) return;
      told.add(key);
    }
    onEvent(event);
  };
}

/** One step, until it ends, its time is over, or the caller stops the answer, whichever comes first. */
async function runStep(
  step: AnswerStep,
  state: AnswerState,
  { caller, ...context }: Omit<StepContext, 'signal'> & { caller: AbortSignal },
): Promise<Partial<AnswerState>> {
  caller.throwIfAborted();
  const late = new AbortController();
  const { name, timeoutSeconds } = step;
  const timer =
    timeoutSeconds === undefined || timeoutSeconds === Number.POSITIVE_INFINITY
      ? undefined
      : setTimeout(
          () =>
            late.abort(
              new StepError({
                step: name,
                state,
                message: `The step ${name} did not end within ${timeoutSeconds} seconds.`,
                hint: 'Let it end when its signal aborts, or give it a longer timeoutSeconds.',
              }),
            ),
          timeoutSeconds * 1000,
        );
  const signal = AbortSignal.any([caller, late.signal]);
  try {
    const given: unknown = await untilAborted(async () => step.run(state, { ...context, signal }), signal);
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
      // Before anything is built on it: a trace that cannot be written would lose the answer.
      if (step.isInserted) JSON.stringify(given);
      return given;
    }
    throw new StepError({
      step: name,
      state,
      message: `The step ${name} gave ${given === null ? 'null' : Array.isArray(given) ? 'an array' : typeof given}, and must give an object with what it adds.`,
      hint: 'Return {} where it adds nothing.',
    });
  } catch (error) {
    // Stopped on purpose; or one of our own steps; or what was said of it just above.
    if (signal.aborted) throw signal.reason;
    if (!step.isInserted || StepError.isInstance(error)) throw error;
    throw new StepError({
      step: name,
      state,
      message: `The step ${name} failed: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'What the steps before it gave is in the error (`state`).',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
