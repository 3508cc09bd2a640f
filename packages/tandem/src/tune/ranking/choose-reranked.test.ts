import { expect, test } from 'vitest';
import { generalRanking } from '../../retrieve/fuse/ranking.ts';
import { createRandom } from '../../statistics/index.ts';
import { chooseReranked, type RerankedQuestion } from './choose-reranked.ts';

/** Questions of which either the score before or the reranker tells the right passage, and the other is chance. */
function questionsTold(count: number, by: 'reranker' | 'score'): RerankedQuestion[] {
  const random = createRandom(5);
  return Array.from({ length: count }, () => {
    const right = Math.floor(random.next() * 12);
    return {
      candidates: Array.from({ length: 12 }, (_, at) => {
        const told = at === right ? 0.55 : 0.5 * random.next();
        const chance = random.next();
        return {
          isWanted: at === right,
          score: by === 'score' ? told : chance,
          rerank: by === 'score' ? chance : told,
        };
      }),
    };
  });
}

test('a reranker that knows is worth more, one that guesses is worth less', () => {
  const knows = chooseReranked(questionsTold(60, 'reranker'));
  expect(knows.weight).toBeGreaterThan(0.6);
  expect(knows.after).toBeGreaterThan(knows.before + 0.1);
  const guesses = chooseReranked(questionsTold(60, 'score'));
  expect(guesses.weight).toBeLessThan(0.1);
  expect(guesses.after).toBeGreaterThan(guesses.before);
});

test('a few questions move the weight less than many', () => {
  const far = (count: number) =>
    Math.abs(chooseReranked(questionsTold(count, 'reranker')).weight - generalRanking.reranked);
  expect(far(6)).toBeLessThan(far(200));
});

test('where nothing is better the general weight stays', () => {
  const { reranked } = generalRanking;
  expect(chooseReranked([])).toEqual({ weight: reranked, before: 0, after: 0 });
  const agreed = [
    {
      candidates: [
        { score: 1, rerank: 1, isWanted: true },
        { score: 0, rerank: 0, isWanted: false },
      ],
    },
  ];
  expect(chooseReranked(agreed)).toEqual({ weight: reranked, before: 1, after: 1 });
});
