import { expect, test } from 'vitest';
import { shareModel } from './shared-model.ts';

const countingLoads = (key: string) => {
  const counts = { loaded: 0, closed: 0 };
  return {
    counts,
    hold: () =>
      shareModel(
        key,
        async () => ({ number: ++counts.loaded }),
        async () => {
          counts.closed += 1;
        },
      ),
  };
};

test('a model is loaded once for all that hold it, closed with the last, and then loaded again', async () => {
  const { counts, hold } = countingLoads('a');
  const [first, second] = await Promise.all([hold(), hold()]);
  expect(second.model).toBe(first.model);
  await first.release();
  await first.release();
  expect(first.isReleased()).toBe(true);
  expect(second.isReleased()).toBe(false);
  expect(counts).toEqual({ loaded: 1, closed: 0 });
  await second.release();
  expect(counts).toEqual({ loaded: 1, closed: 1 });
  const third = await hold();
  expect(third.model).toEqual({ number: 2 });
  await third.release();
});

test('after a load that failed for all who waited, the next one tries again', async () => {
  let tries = 0;
  const hold = () =>
    shareModel(
      'b',
      async () => {
        tries += 1;
        if (tries === 1) throw new Error('no memory');
        return tries;
      },
      async () => {},
    );
  await expect(Promise.all([hold(), hold()])).rejects.toThrow('no memory');
  const second = await hold();
  expect(second.model).toBe(2);
  await second.release();
});
