import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import type { ProgressEvent } from '../core/progress.ts';
import { compareGivenArms, countGivenAnswers, type GivenComparison } from './compare-given-arms.fixture.ts';
import { openResultStore } from './result-store.ts';
import { writeReport } from './steps/write-report.ts';
import { syntheticComparison, syntheticOptions } from './synthetic-comparison.fixture.ts';

const chances = { base: { '*': 0.1 }, rag: { '*': 0.4 }, tuned: { '*': 0.2 }, hybrid: { '*': 0.8 } };

describe('compare', () => {
  it('gives every number with its n, over all cases and by kind', async () => {
    const result = await syntheticComparison({ chances, groups: 20 });
    expect(result.slices.map((slice) => [slice.kind, slice.cases, slice.groups])).toEqual([
      [null, 60, 20],
      ['plain name', 20, 20],
      ['abbreviation', 20, 20],
      ['jargon', 20, 20],
    ]);
    const overall = result.slices[0]!;
    for (const arm of result.arms) {
      const right = overall.arms.find((entry) => entry.arm === arm.name && entry.metric === 'right')!;
      const counted = result.cases.filter((record) => record.arms[arm.name]!.values.right === 1).length;
      expect(right).toMatchObject({ cases: 60, groups: 20 });
      expect(right.value).toBeCloseTo(counted / 60, 12);
      expect(right.low).toBeLessThan(right.value);
      expect(right.high).toBeGreaterThan(right.value);
    }
    expect(overall.pairs.filter((pair) => pair.metric === 'right')).toHaveLength(6);
    expect(overall.arms.some((entry) => entry.arm === 'base' && entry.metric === 'cited')).toBe(false);
    const latency = overall.arms.find((entry) => entry.arm === 'rag' && entry.metric === 'latency')!;
    expect(latency.cases).toBe(6);
    // Plain JSON all through: nothing changes on the way to the file and back.
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('adjusts for how often it looked', async () => {
    const result = await syntheticComparison({ chances, groups: 20 });
    for (const slice of result.slices) {
      for (const pair of slice.pairs) {
        if (pair.p === undefined || pair.adjustedP === undefined) continue;
        expect(pair.adjustedP).toBeGreaterThanOrEqual(pair.p);
      }
    }
    const family = (kind: string | null, metric: string) =>
      new Set(
        result.slices
          .find((slice) => slice.kind === kind)!
          .pairs.filter((pair) => pair.metric === metric)
          .map((pair) => pair.family),
      );
    expect(family(null, 'right')).toEqual(new Set(['primary']));
    expect(family('jargon', 'right')).toEqual(new Set(['kinds']));
    expect(family(null, 'token-f1')).toEqual(new Set(['secondary']));
    expect(family(null, 'length')).toEqual(new Set([undefined]));
  });

  it('is the same for the same seed', async () => {
    const [one, two] = await Promise.all([
      syntheticComparison({ chances, groups: 8 }),
      syntheticComparison({ chances, groups: 8 }),
    ]);
    expect({ ...one, startedAt: '', finishedAt: '' }).toEqual({ ...two, startedAt: '', finishedAt: '' });
  });

  it('lets arms take turns: each comes first on some cases', async () => {
    const options = syntheticOptions({ chances, groups: 20, latencyCases: 0 });
    const asked: string[] = [];
    const arms = options.arms.map((arm) => ({
      ...arm,
      answer: (...args: Parameters<typeof arm.answer>) => {
        asked.push(arm.name);
        return arm.answer(...args);
      },
    }));
    await compareGivenArms({ ...options, arms });
    const first = asked.filter((_, i) => i % 4 === 0);
    expect(asked).toHaveLength(240);
    expect(new Set(first)).toEqual(new Set(['base', 'rag', 'tuned', 'hybrid']));
    for (let i = 0; i < asked.length; i += 4) expect(new Set(asked.slice(i, i + 4)).size).toBe(4);
  });

  it('counts a question that does not fit as a failed answer and lists it', async () => {
    const options = syntheticOptions({ chances, groups: 6, latencyCases: 0 });
    const broken = options.arms.map((arm) => ({
      ...arm,
      answer: async (...args: Parameters<typeof arm.answer>) => {
        if (arm.name === 'rag' && args[0].kind === 'jargon')
          throw new ContextOverflowError({ promptTokens: 9000, reservedTokens: 256, contextLength: 2048 });
        return arm.answer(...args);
      },
    }));
    const result = await compareGivenArms({ ...options, arms: broken });
    expect(result.failures).toHaveLength(6);
    expect(result.failures[0]).toMatchObject({ arm: 'rag', code: 'context_overflow' });
    expect(result.failures[0]!.message).toContain('9000 tokens');
    const failed = result.cases.find((record) => record.case.kind === 'jargon')!.arms.rag!;
    expect(failed.answer).toBeUndefined();
    expect(failed.values).toMatchObject({ right: 0, 'valid-json': 0, 'token-f1': 0, cited: 0 });
    // What a failed answer has none of leaves the count instead of entering it as zero.
    expect(failed.values).not.toHaveProperty('prompt-tokens');
    expect(failed.values).not.toHaveProperty('length');
  });

  it('stops on any other error', async () => {
    const options = syntheticOptions({ chances, groups: 2 });
    const arms = options.arms.map((arm) => ({
      ...arm,
      answer: () => Promise.reject(new Error('model gone')),
    }));
    await expect(compareGivenArms({ ...options, arms })).rejects.toThrow('model gone');
  });

  it.each<[string, Partial<GivenComparison>, RegExp]>([
    ['no cases', { cases: [] }, /no cases/],
    ['no arms', { arms: [] }, /no arm/],
    ['a primary metric without a better side', { primary: { metric: 'length', why: '' } }, /cannot rest on/],
    ['a primary metric that is not there', { primary: { metric: 'beauty', why: '' } }, /cannot rest on/],
  ])('refuses %s in a sentence', async (_, change, message) => {
    const options = syntheticOptions({ chances, groups: 2 });
    await expect(compareGivenArms({ ...options, ...change })).rejects.toThrow(message);
  });

  it('refuses two cases with one id', async () => {
    const options = syntheticOptions({ chances, groups: 2 });
    await expect(
      compareGivenArms({ ...options, cases: [...options.cases, options.cases[0]!] }),
    ).rejects.toThrow(/Two cases have the id/);
  });
});

describe('a comparison on disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-compare-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const counting = (options: GivenComparison, from = 0) => {
    let asked = from;
    const arms = options.arms.map((arm) => ({
      ...arm,
      answer: (...args: Parameters<typeof arm.answer>) => {
        asked++;
        return arm.answer(...args);
      },
    }));
    return { options: { ...options, arms }, asked: () => asked };
  };

  it('goes on where it was stopped and asks nothing twice', async () => {
    const path = join(folder, 'answers.jsonl');
    const whole = await syntheticComparison({ chances, groups: 5 });
    const first = counting(syntheticOptions({ chances, groups: 5 }));
    const stop = new AbortController();
    const onProgress = (event: ProgressEvent) => {
      if (event.done === 17) stop.abort();
    };
    {
      await using store = await openResultStore(path);
      await expect(
        compareGivenArms({ ...first.options, store, signal: stop.signal, onProgress }),
      ).rejects.toMatchObject({ code: 'interrupted' });
    }
    expect(first.asked()).toBe(17);
    // A crash in the middle of a write leaves half a line.
    await appendFile(path, '{"key":"half');

    const second = counting(syntheticOptions({ chances, groups: 5 }));
    await using store = await openResultStore(path);
    expect(countGivenAnswers({ ...second.options, store })).toEqual({
      answers: 60,
      stored: 17,
      latencyAnswers: 28,
      latencyStored: 0,
    });
    const result = await compareGivenArms({ ...second.options, store });
    // 60 answers and a latency pass of 6 cases and one warm-up for each of 4 arms.
    expect(second.asked()).toBe(60 - 17 + 28);
    expect(result.slices).toEqual(whole.slices);

    const third = counting(syntheticOptions({ chances, groups: 5 }));
    await compareGivenArms({ ...third.options, store });
    expect(third.asked()).toBe(0);
  });

  it('hands only plain JSON from step to step: through text, the same files', async () => {
    const overflowing = (options: GivenComparison): GivenComparison => ({
      ...options,
      arms: options.arms.map((arm) => ({
        ...arm,
        answer: async (testCase, signal) => {
          if (arm.name === 'rag' && testCase.kind === 'jargon')
            throw new ContextOverflowError({ promptTokens: 9000, reservedTokens: 256, contextLength: 2048 });
          return arm.answer(testCase, signal);
        },
      })),
    });
    const settings = { chances: { ...chances, extract: { '*': 0.3 } }, references: ['extract'], groups: 5 };
    const write = async (name: string, handOver?: <Data>(data: Data) => Data) => {
      const result = await compareGivenArms(overflowing(syntheticOptions(settings)), handOver);
      const when = '2026-01-01T00:00:00.000Z';
      const files = await writeReport(
        { ...result, startedAt: when, finishedAt: when },
        { directory: join(folder, name) },
      );
      return { result: await readFile(files.result, 'utf8'), report: await readFile(files.report, 'utf8') };
    };
    let handedOver = 0;
    const throughText = <Data>(data: Data): Data => {
      handedOver++;
      return JSON.parse(JSON.stringify(data));
    };
    const direct = await write('direct');
    expect(await write('through-text', throughText)).toEqual(direct);
    expect(handedOver).toBe(6);
    expect(JSON.parse(direct.result).failures).toHaveLength(5);
    expect(direct.report).toContain('Failed answers');
  });

  it('asks again only the arm that changed, but times all of them anew', async () => {
    const path = join(folder, 'answers.jsonl');
    await using store = await openResultStore(path);
    await compareGivenArms({ ...syntheticOptions({ chances, groups: 5 }), store });
    const better = { ...chances, hybrid: { '*': 0.9 } };
    const again = counting(syntheticOptions({ chances: better, groups: 5 }));
    await compareGivenArms({ ...again.options, store });
    expect(again.asked()).toBe(15 + 28);
  });

  it('says which line of its file is broken', async () => {
    const path = join(folder, 'answers.jsonl');
    {
      await using store = await openResultStore(path);
      await store.put('a', { arm: 'rag', caseId: '1', pass: 'answers' });
      await store.put('b', { arm: 'rag', caseId: '2', pass: 'answers' });
    }
    const lines = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, `${lines[0]}\n{"key":1}\n${lines[1]}\n`);
    await expect(openResultStore(path)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('answers.jsonl:2'),
    });
  });
});
