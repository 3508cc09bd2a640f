import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { IndexMissingError } from '../core/errors/index-missing-error.ts';
import { StepError } from '../core/errors/step-error.ts';
import type { Answer, Citation } from '../core/types/answer.ts';
import { type AnswerEvent, streamOf } from './events.ts';
import { runSteps } from './run-steps.ts';
import { type AnswerStep, insertSteps, refuse } from './step.ts';

const request = { question: 'Why?', arm: 'rag' as const };
const citation = (sentence: string): Citation => ({
  marker: 1,
  documentId: 'd',
  uri: 'd.md',
  start: 0,
  end: 3,
  quote: 'abc',
  sentence,
});
const answered = (text: string) => ({ text, raw: text }) as Answer;
/** Two steps, as few as tell where a third one goes. */
const steps: AnswerStep[] = [
  { name: 'read', run: () => ({ notes: { read: 1 } }) },
  { name: 'record', run: ({ notes }) => ({ answer: answered(JSON.stringify(notes)) }) },
];
const note = (name: string, value: unknown): AnswerStep => ({
  name,
  run: () => ({ notes: { [name]: value } }),
});

async function follow(work: Promise<Answer> | ((emit: (event: AnswerEvent) => void) => Promise<Answer>)) {
  const { events, result } = streamOf(typeof work === 'function' ? work : () => work);
  const seen: AnswerEvent[] = [];
  for await (const event of events) seen.push(event);
  return { seen, answer: await result };
}

describe('steps', () => {
  test('run in order, each on what those before it gave, and tell when they begin and end', async () => {
    const list = insertSteps(steps, [
      { before: 'record', step: note('late', 2) },
      { after: 'read', step: note('early', 3) },
    ]);
    expect(list.map(({ name }) => name)).toEqual(['read', 'early', 'late', 'record']);
    const { seen, answer } = await follow((onEvent) => runSteps(list, request, { onEvent }));
    expect(JSON.parse(answer.text)).toEqual({ read: 1, early: 3, late: 2 });
    expect(seen.map((event) => ('step' in event ? `${event.type} ${event.step}` : event.type))).toEqual([
      ...list.flatMap(({ name }) => [`step-start ${name}`, `step-end ${name}`]),
      'answer',
    ]);
  });

  test('tell each citation once, however many of them know it', async () => {
    const telling = (name: string, ...sentences: string[]): AnswerStep => ({
      name,
      run(_state, { emit }) {
        for (const sentence of sentences) emit({ type: 'citation', citation: citation(sentence) });
        return {};
      },
    });
    const list = insertSteps(steps, [
      { after: 'read', step: telling('generate', 'One.') },
      { before: 'record', step: telling('cite', 'One.', 'Two.') },
    ]);
    const { seen } = await follow((onEvent) => runSteps(list, request, { onEvent }));
    expect(seen.flatMap((event) => (event.type === 'citation' ? event.citation.sentence : []))).toEqual([
      'One.',
      'Two.',
    ]);
  });

  test.each([
    ['a place that is not there', { after: 'verify', step: note('mine', 1) }, /no such step/],
    ['a name that is taken', { after: 'read', step: note('record', 1) }, /a step called record already/],
    ['no step', { after: 'read', step: { name: 'x' } as never }, /no name or no run/],
    ['a step after the last', { after: 'record', step: note('mine', 1) }, /after record, where the answer/],
    ['no time', { after: 'read', step: { ...note('mine', 1), timeoutSeconds: Number.NaN } }, /NaN as its/],
    [
      'too much time',
      { after: 'read', step: { ...note('mine', 1), timeoutSeconds: 1e7 } },
      /10000000 as its/,
    ],
  ])('%s is refused before anything runs', (_what, insertion, message) => {
    expect(() => insertSteps(steps, [insertion])).toThrow(message);
  });
});

describe('a step of somebody else', () => {
  const withStep = (step: AnswerStep) => insertSteps(steps, [{ after: 'read', step }]);
  const failure = (step: AnswerStep, options: Parameters<typeof runSteps>[2] = {}) =>
    runSteps(withStep(step), request, options).then(
      () => undefined,
      (error: unknown) => error,
    );

  test('that throws is one sentence with its name, and what there was is kept', async () => {
    const error = await failure({
      name: 'judge',
      run() {
        throw new RangeError('no room');
      },
    });
    expect(StepError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'step_failed',
      step: 'judge',
      message: 'The step judge failed: no room',
      state: { request, notes: { read: 1 }, steps: [{ name: 'read' }] },
      cause: expect.any(RangeError),
    });
  });

  test('that never ends is ended, and its signal aborts', async () => {
    let signal: AbortSignal | undefined;
    const error = await failure({
      name: 'judge',
      timeoutSeconds: 0.05,
      run: (_state, context) => {
        signal = context.signal;
        return new Promise<never>(() => {});
      },
    });
    expect(error).toMatchObject({
      step: 'judge',
      message: 'The step judge did not end within 0.05 seconds.',
    });
    expect(signal?.aborted).toBe(true);
  });

  test.each([
    ['nothing', undefined, /gave undefined/],
    ['a text', 'yes', /gave string/],
    ['a list', [], /gave an array/],
  ])('that gives %s is refused', async (_what, given, message) => {
    const error = await failure({ name: 'judge', run: () => given as never });
    expect(error).toMatchObject({ code: 'step_failed', message: expect.stringMatching(message) });
  });

  test('whose own search failed is named all the same, with the reason', async () => {
    const cause = new IndexMissingError({ domain: 'retrieve', message: 'Nothing has been ingested yet.' });
    const error = await failure({ name: 'other', run: () => Promise.reject(cause) });
    expect(error).toMatchObject({
      code: 'step_failed',
      message: 'The step other failed: Nothing has been ingested yet.',
      cause,
    });
  });

  test('that says what no trace can hold is refused before the answer is lost', async () => {
    const error = await failure({ name: 'count', run: () => ({ notes: { count: 1n } }) });
    expect(error).toMatchObject({
      code: 'step_failed',
      step: 'count',
      message: expect.stringMatching(/BigInt/),
    });
  });

  test('has no limit where it says so', async () => {
    const slow = { ...note('slow', 1), timeoutSeconds: Number.POSITIVE_INFINITY };
    expect((await runSteps(withStep(slow), request)).text).toBe('{"read":1,"slow":1}');
  });

  test('that refuses is what the reader of the events reads', async () => {
    const refusing: AnswerStep = { name: 'hours', run: () => refuse('I do not talk about that.') };
    const answering: AnswerStep[] = [
      steps[0]!,
      { name: 'record', run: ({ reply }) => ({ answer: answered(reply!.text) }) },
    ];
    const list = insertSteps(answering, [{ after: 'read', step: refusing }]);
    const { seen, answer } = await follow((onEvent) => runSteps(list, request, { onEvent }));
    expect(seen.flatMap((event) => (event.type === 'text' ? event.text : []))).toEqual([answer.raw]);
  });

  test('is not waited for when the caller stops the answer', async () => {
    const stop = new AbortController();
    const hanging = failure(
      { name: 'judge', run: () => new Promise<never>(() => {}) },
      { signal: stop.signal },
    );
    stop.abort(new Error('enough'));
    expect(await hanging).toMatchObject({ message: 'enough' });
  });
});

describe('who follows an answer', () => {
  test('and stops reading holds nobody up: the answer is finished', async () => {
    const { events, result } = streamOf((onEvent) => runSteps(steps, request, { onEvent }));
    for await (const { type } of events) {
      expect(type).toBe('step-start');
      break;
    }
    expect((await result).text).toBe('{"read":1}');
    expect(await Array.fromAsync(events)).toEqual([]);
  });

  test('and never reads is handed the answer, or its error, all the same', async () => {
    const good = streamOf((onEvent) => runSteps(steps, request, { onEvent }));
    expect((await good.result).text).toBe('{"read":1}');
    const bad = streamOf(() => runSteps([steps[0]!], request));
    await expect(bad.result).rejects.toThrow(/without an answer/);
  });

  test('reads alone is told the error, and nothing is left unhandled', async () => {
    const unhandled: unknown[] = [];
    const watch = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', watch);
    const { events } = streamOf(() => runSteps([steps[0]!], request));
    await expect(Array.fromAsync(events)).rejects.toThrow(/without an answer/);
    await sleep(20);
    process.off('unhandledRejection', watch);
    expect(unhandled).toEqual([]);
  });
});
