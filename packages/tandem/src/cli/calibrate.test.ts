import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeReport } from './calibrate.ts';
import { startTandem } from './tandem-process.fixture.ts';

test('what may be left out is one of three, and any other word is one sentence', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tandem-calibrate-'));
  await writeFile(join(folder.path, 'tandem.config.ts'), "export default { name: 'desk' };\n");
  const tandem = (...args: string[]) => startTandem(['calibrate', ...args], { cwd: folder.path }).done;
  const wrong = await tandem('--left-out', 'pages');
  expect(wrong.code).toBe(1);
  expect(wrong.err.trim()).toBe(
    "error: option '--left-out <what>' argument 'pages' is invalid. Allowed choices are documents, passages, both.",
  );
  expect((await tandem('--reset', '--left-out', 'both')).err).toContain('cannot be used with option');
  // The word is taken, and the next one is looked at.
  const taken = await tandem('--left-out', 'passages', '--false-answers', 'few');
  expect(taken.err.trim()).toBe('Error: "few" is no number.\nGive a share such as 0.1.');
});

test('the report says which questions without an answer its rates are of', () => {
  const share = { value: 0.1, low: 0.05, high: 0.2, n: 40 };
  const told = (leftOut?: 'documents' | 'passages' | 'both') =>
    describeReport({
      calibration: {
        weights: {} as never,
        threshold: 0.4,
        falseAnswers: 0.1,
        achieved: { answered: { ...share, value: 0.9 }, falseAnswers: share },
        eceBefore: 0.2,
        eceAfter: 0.1,
        fittedOn: 'questions',
        ...(leftOut && { leftOut }),
        fingerprint: 'one',
      },
      questions: { answerable: 40, withoutAnswer: 40, notFound: 0, answeredElsewhere: 0 },
      curve: [],
    }).split('\n')[0];
  expect(told('documents')).toContain('40 with the documents that answer them left out of the search');
  expect(told('passages')).toContain('40 with only the passages that answer them left out of the search');
  expect(told()).toBe(told('both'));
});
