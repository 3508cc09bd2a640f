import { describe, expect, it } from 'vitest';
import type { Answer } from '../../core/types/answer.ts';
import type { Case } from '../../core/types/example.ts';
import type { ArmUnderTest } from '../arm.ts';
import { compareGivenArms } from '../compare-given-arms.fixture.ts';
import type { ComparisonResult } from '../comparison-result.ts';
import { createMetrics, defaultPrimary, metricsFor } from '../metrics/index.ts';
import { makeDecliningArm } from '../reference-arms.ts';
import { renderReport } from '../report.ts';
import { memoryResultStore } from '../result-store.ts';
import { summarise } from '../summary.ts';

/** Arms with answers of their own to questions of which some have none in the sources. */

const settings = { notInSources: 'The sources do not say.', styleRules: [] };
const declined = { text: settings.notInSources, abstained: true };

/** Questions of which each is about something else, and `unanswerable` of them without an answer. */
function casesOf(answerable: number, unanswerable: number): Case[] {
  const word = (at: number) => `${String.fromCharCode(97 + (at % 26)).repeat(4)}${'xyz'[at % 3]}${at}`;
  return Array.from({ length: answerable + unanswerable }, (_, at) => {
    const isAnswerable = at < answerable;
    return {
      id: `c${at}`,
      question: `Who keeps the ${word(at)}?`,
      expected: isAnswerable ? `The ${word(at + 7)} keeper.` : settings.notInSources,
      ...(isAnswerable ? { source: { documentId: `d${at}`, start: 0, end: 10 } } : { answerable: false }),
    };
  });
}

type Say = (testCase: Case, at: number) => Partial<Answer>;

const rightly: Say = ({ expected, answerable }) =>
  answerable === false ? declined : { text: `${expected}` };

function armOf(name: string, say: Say): ArmUnderTest {
  return {
    name,
    label: name,
    description: name,
    reference: false,
    retrieves: name !== 'base',
    trained: name === 'tuned' || name === 'hybrid',
    fingerprint: name,
    answer: async (testCase) => ({
      question: testCase.question,
      arm: 'rag',
      text: '',
      raw: '',
      abstained: false,
      citations: [],
      danglingMarkers: [],
      passages: [],
      usage: { promptTokens: 1, completionTokens: 1 },
      timings: { generate: 1, total: 1 },
      traceId: `${name} ${testCase.id}`,
      ...say(testCase, Number(testCase.id.slice(1))),
    }),
  };
}

async function compareArms(
  cases: Case[],
  arms: Record<string, Say>,
  options: { unanswerableWeight?: number; references?: ArmUnderTest[] } = {},
): Promise<ComparisonResult> {
  const { references = [], ...rest } = options;
  return compareGivenArms({
    project: 'test',
    subject: { model: 'Dice' },
    cases,
    arms: [...Object.entries(arms).map(([name, say]) => armOf(name, say)), ...references],
    metrics: metricsFor(cases, createMetrics(settings)),
    primary: defaultPrimary(settings),
    store: memoryResultStore(),
    resamples: 400,
    latencyCases: 0,
    ...rest,
  });
}

const measured = (result: ComparisonResult, arm: string, metric: string) =>
  result.slices[0]!.arms.find((entry) => entry.arm === arm && entry.metric === metric);

describe('an arm that always declines', () => {
  it('is worth the weight of right refusals, however many such questions there are, and is never chosen', async () => {
    for (const [answerable, unanswerable] of [
      [15, 25],
      [25, 15],
    ] as const) {
      const result = await compareArms(casesOf(answerable, unanswerable), {
        base: () => declined,
        // Right in three of all, and never declining.
        rag: (testCase, at) => (at < 3 ? rightly(testCase, at) : { text: `It is ${at} others.` }),
      });
      expect(measured(result, 'base', 'right')!.value).toBeCloseTo(0.2);
      expect(measured(result, 'base', 'right-answerable')).toMatchObject({ value: 0, cases: answerable });
      expect(measured(result, 'base', 'right-unanswerable')).toMatchObject({ value: 1, cases: unanswerable });
      expect(result.verdict.choice).not.toBe('base');
      expect(result.verdict.leaders).toEqual(['rag']);
      const all = answerable + unanswerable;
      const said = `Base always declines: it declined ${all} of ${all} questions, ${answerable} of which have an answer.`;
      expect(result.verdict.headline).toContain(said);
      expect(summarise(result, { width: 2000 })).toContain(said);
      expect(renderReport(result)).toContain(said);
      expect(result.verdict.habits).toEqual([
        { arm: 'base', kind: 'declines', isUseless: true, sentence: said },
      ]);
    }
  });

  it('does not lead by it where all others are wrong, and says so where all decline', async () => {
    const wrong = await compareArms(casesOf(30, 20), {
      base: () => declined,
      rag: () => ({ text: 'No idea at all.' }),
      tuned: (_, at) => ({ text: `Guess ${at}.` }),
    });
    expect(wrong.verdict.choice).toBeUndefined();
    expect(
      wrong.verdict.claims.filter(({ better, metric }) => better === 'base' && metric === 'right'),
    ).toEqual([]);
    const all = await compareArms(casesOf(20, 5), { base: () => declined, rag: () => declined });
    expect(all.verdict).toMatchObject({ outcome: 'undecided', leaders: [] });
    expect(all.verdict.headline).toMatch(
      /^None of these arms answers its questions: base 20 %, rag 20 %\. Base always declines: it declined 25 of 25 questions/,
    );
    expect(renderReport(all)).toContain('<h1>None of these arms answers</h1>');
  });

  it('is a row of every table that costs no model', async () => {
    const decline = makeDecliningArm({ answer: settings } as never);
    const result = await compareArms(
      casesOf(20, 5),
      { base: () => ({ text: 'No idea.' }), rag: rightly },
      { references: [decline] },
    );
    expect(measured(result, 'decline', 'right')!.value).toBeCloseTo(0.2);
    expect(measured(result, 'decline', 'prompt-tokens')!.value).toBe(0);
    expect(result.verdict.choice).toBe('rag');
    expect(result.verdict.habits.map(({ arm }) => arm)).not.toContain('decline');
    expect(result.verdict.reasons.find(({ title }) => title === 'Yardsticks')!.text).toMatch(
      /Always decline \(20 %\): rag does better by 80 points/,
    );
  });
});

describe('declining more often', () => {
  it('makes no arm better, and what leads by it alone is said', async () => {
    // Both are right in half of the questions with an answer, hybrid in one less; it declines rightly, rag never.
    const result = await compareArms(
      casesOf(40, 60),
      {
        rag: (testCase, at) => (at < 20 ? rightly(testCase, at) : { text: `It is ${at} others.` }),
        hybrid: (testCase, at) =>
          at < 19 || at >= 40 ? rightly(testCase, at) : { text: `It is ${at} others.` },
      },
      { unanswerableWeight: 0.5 },
    );
    expect(measured(result, 'hybrid', 'right')!.value).toBeGreaterThan(
      measured(result, 'rag', 'right')!.value + 0.4,
    );
    expect(result.verdict.outcome).toBe('undecided');
    expect(result.verdict.claims.filter(({ metric }) => metric === 'right')).toEqual([]);
    expect(result.verdict.headline).toMatch(
      /^Hybrid is ahead of rag by declining alone, which makes no arm better: hybrid 7\d %, rag 25 %; of the questions that have an answer hybrid 48 %, rag 50 %\./,
    );
  });

  it('counts where the arm has more right answers too', async () => {
    const result = await compareArms(casesOf(40, 20), {
      rag: (testCase, at) => (at < 20 ? rightly(testCase, at) : { text: `It is ${at} others.` }),
      hybrid: (testCase, at) =>
        at < 30 || at >= 40 ? rightly(testCase, at) : { text: `It is ${at} others.` },
    });
    expect(result.verdict).toMatchObject({ outcome: 'better', choice: 'hybrid' });
    expect(result.verdict.reasons[0]!.text).toContain(
      'Of it 80 % is the share of right answers to the 40 questions that the sources answer, and 20 % the share of refusals of the 20 that they do not (compare.unanswerableWeight).',
    );
  });

  it('of one question among a hundred counts for two others and not for a fifth', async () => {
    const result = await compareArms(casesOf(98, 1), {
      base: (testCase, at) => (at < 98 ? rightly(testCase, at) : { text: 'Somebody.' }),
      rag: rightly,
    });
    expect(measured(result, 'base', 'right')!.value).toBeCloseTo(0.98);
    expect(result.verdict.reasons[0]!.text).toContain(
      '2 % the share of refusals of the 1 that they do not (20 % as compare.unanswerableWeight says, but no one of so few counts for more than two others)',
    );
  });
});

it('questions without an answer alone decide nothing', async () => {
  const result = await compareArms(casesOf(0, 30), {
    base: () => declined,
    rag: () => ({ text: 'Somebody.' }),
  });
  expect(result.verdict).toMatchObject({ outcome: 'undecided', leaders: ['base', 'rag'] });
  expect(result.verdict.headline).toMatch(
    /^Every one of these cases is a question that the sources do not answer/,
  );
});

it('questions that all have an answer are one row, and joined by nothing', async () => {
  const result = await compareArms(casesOf(12, 0), { base: () => ({ text: 'Somebody.' }), rag: rightly });
  expect(result.metrics.map(({ id }) => id)).not.toContain('right-answerable');
  expect(result.verdict.reasons[0]!.text).not.toContain('unanswerableWeight');
});

describe('other habits', () => {
  const cite = (marker: number): Answer['citations'][number] => ({
    marker,
    documentId: 'd',
    uri: 'd',
    start: 0,
    end: 1,
    quote: 'x',
    sentence: 'x',
  });
  const passages = (at: number, first = `d${at}`): Answer['passages'] =>
    [first, 'other'].map((documentId, rank) => ({
      id: `${documentId}#${rank}`,
      documentId,
      ordinal: 0,
      start: 0,
      end: 10,
      text: 'x'.repeat(10),
      headingPath: [],
      uri: documentId,
      title: documentId,
      rank: rank + 1,
      score: 1,
      scores: {},
    }));
  const habits = async (say: Say) =>
    (await compareArms(casesOf(12, 0), { base: rightly, rag: say })).verdict.habits.map(
      ({ kind, isUseless, sentence }) => [kind, isUseless, sentence],
    );

  it('one text for all questions', async () => {
    expect(await habits(() => ({ text: 'Ask the board. [1]' }))).toEqual([
      [
        'same answer',
        true,
        'Rag repeats itself: it said "Ask the board. [1]" to 12 of the 12 questions that it answered.',
      ],
    ]);
    expect(await habits((_, at) => ({ text: at < 8 ? 'Ask the board.' : `Ask ${at}.` }))).toMatchObject([
      ['same answer', false, expect.stringContaining('8 of the 12')],
    ]);
  });

  it('loops', async () => {
    expect(await habits((_, at) => ({ text: `Gate ${at}.`, problems: at < 7 ? ['repeated'] : [] }))).toEqual([
      ['loops', false, 'Rag repeats itself: it fell into a loop in 7 of 12 answers.'],
    ]);
  });

  it('[1], whether or not that is right', async () => {
    const citing =
      (first: (at: number) => string | undefined): Say =>
      (_, at) => ({
        text: `Gate ${at}. [1]`,
        citations: [cite(1)],
        passages: passages(at, first(at)),
      });
    expect(await habits(citing((at) => (at < 4 ? undefined : 'other')))).toEqual([
      ['cites first', false, 'Rag always cites [1]: in all 12 answers that cite, rightly in 4 of 12.'],
    ]);
    // Where the first passage is the right one every time, it is no habit.
    expect(await habits(citing(() => undefined))).toEqual([]);
    const second: Say = (_, at) => ({
      text: `Gate ${at}.`,
      citations: [cite(at === 3 ? 2 : 1)],
      passages: passages(at, 'other'),
    });
    expect(await habits(second)).toEqual([]);
  });

  it('none of an arm that reads its questions, though it says yes to all, rightly', async () => {
    const cases = casesOf(12, 0).map((testCase) => ({ ...testCase, expected: 'Yes.' }));
    const { verdict } = await compareArms(cases, {
      base: () => ({ text: 'Yes.' }),
      rag: (_, at) => ({ text: `N${at}` }),
    });
    expect(verdict.habits).toEqual([]);
  });
});

it('says how many groups would do where too few cannot decide', async () => {
  const result = await compareArms(casesOf(16, 0), {
    base: (testCase, at) => (at % 3 === 0 ? rightly(testCase, at) : { text: `It is ${at} others.` }),
    rag: (testCase, at) => (at % 2 === 0 ? rightly(testCase, at) : { text: `It is ${at} others.` }),
  });
  const { verdict, slices } = result;
  expect(verdict.outcome).toBe('undecided');
  const { discordance } = slices[0]!.pairs.find(({ metric }) => metric === 'right')!;
  expect(discordance).toBeCloseTo(8 / 16, 1);
  expect(verdict.groupsNeeded).toBeGreaterThan(300);
  expect(verdict.headline).toMatch(
    /About \d+ independent groups would show one of 10 points, which is worth having, and about \d+ one of \d+ points as seen here, four times in five\./,
  );
});
