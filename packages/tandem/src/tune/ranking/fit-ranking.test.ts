import { expect, test } from 'vitest';
import { generalRanking } from '../../retrieve/fuse/ranking.ts';
import { noSignals } from '../../retrieve/signals/signals.ts';
import { createRandom } from '../../statistics/index.ts';
import { fitRanking, gainsOf, type RankedQuestion } from './fit-ranking.ts';

/** Questions of which one signal alone says which passage answers, and another one misleads. */
function questionsTold(
  count: number,
  by: 'headings' | 'names',
  misleading: 'meaning' | 'words',
): RankedQuestion[] {
  const random = createRandom(7);
  return Array.from({ length: count }, () => {
    const right = Math.floor(random.next() * 10);
    return {
      candidates: Array.from({ length: 10 }, (_, at) => ({
        isWanted: at === right,
        signals: {
          ...noSignals,
          [misleading]: random.next(),
          [by]: at === right ? 0.8 : 0.3 * random.next(),
        },
      })),
    };
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('what a project’s questions show is learnt, and holds for others of them', () => {
  const questions = questionsTold(80, 'headings', 'words');
  const [train, others] = [questions.slice(0, 40), questions.slice(40)];
  const ranking = fitRanking(train, 4);
  expect(ranking.headings).toBeGreaterThan(0.2);
  expect(mean(gainsOf(others, ranking, 4))).toBeGreaterThan(mean(gainsOf(others, generalRanking, 4)) + 0.3);
});

test('a few questions move the weights less than many', () => {
  const far = (count: number) =>
    Math.abs(fitRanking(questionsTold(count, 'names', 'meaning'), 4).names - generalRanking.names);
  expect(far(3)).toBeLessThan(far(60));
  expect(far(60)).toBeGreaterThan(0.1);
});

test('questions whose passage was not compared, or none at all, leave everything as it is', () => {
  expect(fitRanking([], 4)).toEqual(generalRanking);
  const lost = [{ candidates: [{ isWanted: false, signals: { ...noSignals, meaning: 1 } }] }];
  expect(fitRanking(lost, 4)).toEqual(generalRanking);
  expect(gainsOf(lost, generalRanking, 4)).toEqual([0]);
});

test('the same questions give the same weights', () => {
  const questions = questionsTold(20, 'headings', 'meaning');
  expect(fitRanking(questions, 5)).toEqual(fitRanking(questions, 5));
});
