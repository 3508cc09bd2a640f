import { expect, test } from 'vitest';
import { ModelQueue } from './model-queue.ts';

const held = () => Promise.withResolvers<void>();

test('callers take turns, however many requests one of them has', async () => {
  const queue = new ModelQueue({ waiting: 10, waitingOfCaller: 10 });
  const order: string[] = [];
  const first = held();
  const all = [queue.run('a', () => first.promise)];
  for (const [caller, name] of [
    ['a', 'a1'],
    ['a', 'a2'],
    ['a', 'a3'],
    ['b', 'b1'],
  ] as const)
    all.push(queue.run(caller, async () => void order.push(name)));
  first.resolve();
  await Promise.all(all);
  expect(order).toEqual(['a1', 'b1', 'a2', 'a3']);
});

test('what finds no room is refused with a time to try again, and others are not', async () => {
  const queue = new ModelQueue({ waiting: 2, waitingOfCaller: 1 });
  const first = held();
  const running = queue.run('a', () => first.promise);
  const waiting = queue.run('a', async () => {});
  await expect(queue.run('a', async () => {})).rejects.toMatchObject({
    status: 429,
    options: { retryAfter: expect.any(Number) },
  });
  const other = queue.run('b', async () => {});
  await expect(queue.run('c', async () => {})).rejects.toMatchObject({ status: 429 });
  first.resolve();
  await Promise.all([running, waiting, other]);
});

test('who goes away while waiting leaves the queue, and a failure frees the model', async () => {
  const queue = new ModelQueue({ waiting: 4, waitingOfCaller: 4 });
  const first = held();
  const running = queue.run('a', async () => {
    await first.promise;
    throw new Error('broken');
  });
  const gone = new AbortController();
  const leaving = queue.run('b', async () => {}, gone.signal);
  gone.abort(new Error('gone'));
  await expect(leaving).rejects.toThrow('gone');
  expect(queue.length).toBe(0);
  first.resolve();
  await expect(running).rejects.toThrow('broken');
  expect(await queue.run('c', async () => 'free')).toBe('free');
});
