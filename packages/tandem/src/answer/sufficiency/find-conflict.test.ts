import { expect, test } from 'vitest';
import { findConflict } from './find-conflict.ts';

const said = (text: string, passage: number, cosine = 0.8) => ({ text, passage, cosine, coverage: 1 });
const apart = (passage: number) => `document ${passage}`;

test('two documents that give another number, or say the opposite, contradict each other', () => {
  for (const [one, other] of [
    [
      'A berth of up to 9 metres costs 24 euros a night.',
      'A berth of up to 9 metres costs 29 euros a night.',
    ],
    ['Dogs are allowed on the pier in summer.', 'Dogs are not allowed on the pier in summer.'],
    ['The contract ends on 3 July 2025.', 'The contract ends on 4 July 2025.'],
  ] as const)
    expect(findConflict([said(one, 0), said(other, 1)], apart)?.map(({ text }) => text)).toEqual([
      one,
      other,
    ]);
});

test('what is the same, of another thing, of one document or far from the question is no conflict', () => {
  const price = 'A berth of up to 9 metres costs 24 euros a night.';
  const other = 'A berth of up to 9 metres costs 29 euros a night.';
  expect(findConflict([said(price, 0), said(price, 1)], apart)).toBeUndefined();
  expect(
    findConflict(
      [said('The fee is 1,500 euros a year.', 0), said('The fee is 1500 euros a year.', 1)],
      apart,
    ),
  ).toBeUndefined();
  expect(
    findConflict([said(price, 0), said('A mooring in the outer basin costs 12 euros.', 1)], apart),
  ).toBeUndefined();
  expect(findConflict([said(price, 0), said(other, 1)], () => 'one document')).toBeUndefined();
  expect(findConflict([said(price, 0), said(other, 1, 0.3)], apart)).toBeUndefined();
  expect(findConflict([], apart)).toBeUndefined();
});

test('two things that are told alike do not contradict each other', () => {
  for (const [one, other] of [
    ['The Fern room costs 60 euros a night.', 'The Oak room costs 95 euros a night.'],
    ['The fee in 2023 is 60 euros a year.', 'The fee in 2024 is 70 euros a year.'],
    ['The train to Bonn leaves at 10 from track 2.', 'The train to Berlin leaves at 11 from track 2.'],
    ['Version 2 supports printing of long reports.', 'Version 3 supports printing of long reports.'],
    ['For adults the ticket costs 14 euros.', 'For children the ticket costs 9 euros.'],
    ['Room 3 has two windows and a desk.', 'Room 4 has two windows and a desk.'],
  ] as const)
    expect(findConflict([said(one, 0), said(other, 1)], apart), one).toBeUndefined();
});
