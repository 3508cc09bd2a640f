import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../../core/settings.ts';
import type { Passage } from '../../core/types/document.ts';
import { overlapVerifier } from '../../verify/overlap-verifier.ts';
import { mapCitations } from '../citations.ts';
import type { AnswerEvent } from '../events.ts';
import { type AnswerState, type AnswerStep, writtenReply } from '../step.ts';
import { type VerifyParts, verifyStep } from './verify.ts';

const text = 'A berth of up to 9 metres costs 24 euros a night. Dogs are welcome on the pier.';
const passages = [
  {
    documentId: 'fees',
    uri: 'fees.md',
    title: 'Fees',
    headingPath: ['Fees'],
    text,
    start: 0,
    end: text.length,
  },
] as unknown as Passage[];

const right = 'A berth of up to 9 metres costs 24 euros a night. [1]';
const wrong = 'The museum shows paintings by Rembrandt. [1]';
const draft = `${right}\n- ${wrong}`;
const refusal = 'The sources do not say.';

const documents = { getMany: async () => new Map(), languagesOf: async () => new Map() };
/** A model that writes this when it is asked again. */
const writing = (reply: string): AnswerStep => ({
  name: 'again',
  run: () => ({
    reply: { ...writtenReply('extract', reply), by: 'model', completionTokens: 5 },
    read: read(reply),
  }),
});
const quoting: AnswerStep = {
  name: 'quote',
  run: () => ({ read: read('“Dogs are welcome on the pier.” [1]') }),
};

function read(reply: string) {
  const { citations, dangling } = mapCitations(reply, passages);
  return { text: reply, citations, danglingMarkers: dangling, abstained: reply === refusal };
}

async function verify(
  reply: string,
  answer: Parameters<typeof settingsSchema.parse>[0] = {},
  {
    isHeld,
    output,
    abstained,
    ...parts
  }: Partial<VerifyParts> & { isHeld?: true; output?: Record<string, unknown>; abstained?: true } = {},
) {
  const step = verifyStep({
    answer: settingsSchema.parse({ answer }).answer,
    documents,
    verifier: overlapVerifier(),
    searches: true,
    ...parts,
  });
  const state: AnswerState = {
    request: { question: 'What does a berth cost?', arm: 'rag' },
    retrieved: { passages, milliseconds: 1 } as unknown as NonNullable<AnswerState['retrieved']>,
    messages: [{ role: 'user', content: 'What does a berth cost?' }],
    reply: { ...writtenReply('extract', reply), by: 'model', completionTokens: 7, ...(isHeld && { isHeld }) },
    read: { ...read(reply), ...(output && { output }), ...(abstained && { abstained }) },
    steps: [],
  };
  const events: AnswerEvent[] = [];
  const given = await step.run(state, {
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    streams: true,
  });
  return { given, read: given.read!, events };
}

test('what is borne out stays as it is, each statement with its verdict', async () => {
  const { read, events } = await verify(right);
  expect(read).toMatchObject({ text: right, claims: [{ verdict: 'supported' }] });
  expect(read.revision).toBeUndefined();
  expect(events.map(({ type }) => type)).toEqual(['claim']);
});

describe('what is not borne out', () => {
  test('is said', async () => {
    const { read } = await verify(draft);
    expect(read.text).toBe(draft);
    expect(read.claims!.map(({ verdict }) => verdict)).toEqual(['supported', 'not found']);
    expect(read.citations.map(({ verdict }) => verdict!.label)).toEqual(['supported', 'not found']);
  });

  test('is dropped with its citation, and all of it is a refusal', async () => {
    const { read } = await verify(draft, { onUnsupported: 'drop' });
    expect(read).toMatchObject({ text: right, abstained: false, revision: { action: 'dropped', draft } });
    expect(read.citations).toHaveLength(1);
    expect(read.claims).toHaveLength(1);
    const nothing = await verify(wrong, { onUnsupported: 'drop' });
    expect(nothing.read).toMatchObject({
      text: refusal,
      abstained: true,
      citations: [],
      revision: { action: 'refused' },
    });
  });

  test('is refused, with the draft kept', async () => {
    const { read } = await verify(draft, { onUnsupported: 'refuse' });
    expect(read).toMatchObject({
      text: refusal,
      abstained: true,
      revision: {
        action: 'refused',
        draft,
        unsupported: [{ text: 'The museum shows paintings by Rembrandt.' }],
      },
    });
  });

  test('is asked for again, once; what then is not borne out is dropped; both replies count', async () => {
    const again = { writeAgain: [writing(right)] };
    const { read, given } = await verify(wrong, { onUnsupported: 'regenerate' }, again);
    expect(read).toMatchObject({
      text: right,
      claims: [{ verdict: 'supported' }],
      revision: { action: 'regenerated', draft: wrong },
    });
    expect(given.reply).toMatchObject({ text: right, completionTokens: 12 });
    expect(given.messages!.at(-1)!.content).toContain('The museum shows paintings by Rembrandt.');
    const half = await verify(wrong, { onUnsupported: 'regenerate' }, { writeAgain: [writing(draft)] });
    expect(half.read).toMatchObject({ text: right, revision: { action: 'regenerated' } });
    const no = await verify(wrong, { onUnsupported: 'regenerate' }, { writeAgain: [writing(wrong)] });
    expect(no.read).toMatchObject({ text: refusal, abstained: true });
    const refused = await verify(wrong, { onUnsupported: 'regenerate' }, { writeAgain: [writing(refusal)] });
    expect(refused.read).toMatchObject({
      text: refusal,
      abstained: true,
      revision: { action: 'regenerated' },
    });
  });

  test('gives way to what the sources say', async () => {
    const { read } = await verify(wrong, { onUnsupported: 'extract' }, { quote: [quoting] });
    expect(read).toMatchObject({
      text: '“Dogs are welcome on the pier.” [1]',
      revision: { action: 'quoted', draft: wrong },
    });
    const none = await verify(wrong, { onUnsupported: 'extract' });
    expect(none.read).toMatchObject({ text: refusal, abstained: true });
  });

  test('changes the field that a person reads, and no other', async () => {
    const output = { kind: 'fee', reply: draft };
    const { read } = await verify(
      draft,
      { onUnsupported: 'drop', output: { schema: { type: 'object' }, textField: 'reply' } },
      { output },
    );
    expect(read.output).toEqual({ kind: 'fee', reply: right });
    expect(output.reply).toBe(draft);
  });
});

describe('with anything but mark', () => {
  test('what claims nothing that is borne out does not pass', async () => {
    for (const reply of [
      'A berth costs 90 euros a night, right? [1]',
      'What a berth costs a night is 90 euros: [1]',
      'Certainly! Let me know if you need anything else.',
      '',
      ' [1] [1]',
    ]) {
      const { read } = await verify(reply, { onUnsupported: 'refuse' }, { isHeld: true });
      expect(read, reply).toMatchObject({ text: refusal, abstained: true });
    }
  });

  test('a refusal is a refusal alone', async () => {
    const { read, events } = await verify(
      `${wrong} ${refusal}`,
      { onUnsupported: 'drop' },
      { isHeld: true, abstained: true },
    );
    expect(read).toMatchObject({ text: refusal, abstained: true, citations: [] });
    expect(JSON.stringify(events)).not.toContain('Rembrandt');
  });

  test('courtesies and the numbers of a list take nothing from an answer', async () => {
    const reply = `Certainly!\n\n1. ${right}\n2. Dogs are welcome on the pier. [1]\n\nI hope this helps. Let me know if you need anything else!`;
    const { read } = await verify(reply, { onUnsupported: 'refuse' });
    expect(read.text).toBe(reply);
    expect(read.claims!.map((claim) => claim.text)).toEqual([
      'A berth of up to 9 metres costs 24 euros a night.',
      'Dogs are welcome on the pier.',
    ]);
  });
});

describe('a verifier that fails', () => {
  const failing = (verify: () => Promise<unknown>) =>
    ({ name: 'broken', verify }) as unknown as NonNullable<VerifyParts['verifier']>;
  const ways = {
    throws: async () => {
      throw new Error('503');
    },
    'gives nothing': async () => undefined,
    'gives other words': async () => [{ verdict: 'SUPPORTED', probability: 1, supporting: [1] }],
    'gives no probability': async () => [{ verdict: 'supported', probability: Number.NaN, supporting: [1] }],
    'names sentences that are not there': async () => [
      { verdict: 'supported', probability: 1, supporting: [99] },
    ],
  };
  test.each(Object.entries(ways))('and %s loses no answer, and is no pass', async (_, verifying) => {
    const verifier = failing(verifying);
    const marked = await verify(right, {}, { verifier });
    expect(marked.read).toMatchObject({
      text: right,
      problems: ['verifier failed'],
      claims: [{ verdict: 'not checked' }],
    });
    const acted = await verify(right, { onUnsupported: 'refuse' }, { verifier });
    // Why there is a refusal is told with it.
    expect(acted.read).toMatchObject({
      text: refusal,
      problems: ['verifier failed'],
      revision: { action: 'refused' },
    });
  });
});

test('where the model cannot be asked again, what is not borne out is dropped', async () => {
  const broken: AnswerStep = {
    name: 'again',
    run: () => {
      throw new Error('It does not fit.');
    },
  };
  const { read } = await verify(draft, { onUnsupported: 'regenerate' }, { writeAgain: [broken] });
  expect(read).toMatchObject({ text: right, revision: { action: 'dropped' } });
});

test('a reader is told of a held reply what stands, whatever became of it', async () => {
  const settings = { onUnsupported: 'drop' };
  for (const [reply, shown] of [
    [draft, right],
    [wrong, refusal],
    [refusal, refusal],
  ] as const) {
    const { events } = await verify(reply, settings, { isHeld: true });
    expect(events.find(({ type }) => type === 'text')).toEqual({ type: 'text', text: shown });
  }
});

test('an arm without sources, and a project without a verifier, check nothing and leave all of it', async () => {
  for (const parts of [{ searches: false }, { verifier: undefined }]) {
    const { read } = await verify(draft, { onUnsupported: 'refuse' }, parts);
    expect(read.text).toBe(draft);
    expect(read.claims!.map(({ verdict }) => verdict)).toEqual(['not checked', 'not checked']);
  }
});
