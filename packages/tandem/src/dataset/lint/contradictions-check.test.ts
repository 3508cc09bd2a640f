import { describe, expect, it } from 'vitest';
import { contradictions, isNegated } from './contradictions-check.ts';
import { itemOf, type LintItem } from './items.ts';

describe('isNegated', () => {
  it('tells a negation that the other does not have', () => {
    expect(isNegated('The deposit is refunded.', 'The deposit is not refunded.')).toBe(true);
    expect(isNegated('You can cancel a booking.', "You can't cancel a booking.")).toBe(true);
    expect(isNegated('The desk will close.', 'The desk won’t close.')).toBe(true);
  });
  it('holds the same negation for one, however it is written', () => {
    expect(isNegated("What you can't cancel: bookings cannot be moved.", 'Bookings cannot be moved.')).toBe(
      false,
    );
    expect(isNegated("It isn't free.", 'It is not free.')).toBe(false);
  });
});

it('finds answers that cannot both be right', async () => {
  const items = ['Yes, dogs may come in.', 'No, dogs may not come in.', 'Dogs: yes, dogs may come in.'].map(
    (expected, at) =>
      itemOf(
        { question: 'May dogs come in?', expected },
        { where: `train.jsonl:${at + 1}`, file: 'train.jsonl', split: 'train' },
      ),
  );
  const found = await contradictions.find({ items: items as LintItem[] } as never, {} as never);
  expect(found).toMatchObject([{ where: 'train.jsonl:2' }, { where: 'train.jsonl:3' }]);
});
