import { describe, expect, test } from 'vitest';
import { independentGroups } from './independent-groups.ts';
import { splitOf, splitsOf } from './split.ts';

/** How many groups these questions are; each has an answer of its own unless one is given. */
const groupsOf = (...cases: (string | [question: string, expected: string])[]) =>
  new Set(
    independentGroups(
      cases.map((given, at) => {
        const [question, expected] =
          typeof given === 'string' ? [given, `Its answer is number ${at}.`] : given;
        return { id: `c${at}`, question, expected };
      }),
    ),
  ).size;

describe('cases that are one', () => {
  test.each([
    ['the same question', 'What does the deposit cost?', 'What does the deposit cost?'],
    ['case', 'What does the deposit cost?', 'WHAT DOES THE DEPOSIT COST'],
    ['punctuation', 'What does the deposit cost?', '"What does the deposit cost"!?'],
    ['white space', 'What does the deposit cost?', ' What  does\tthe\u00a0deposit cost ? '],
    ['an accent in two ways', 'Where is the café?', 'Where is the cafe\u0301?'],
    ['the order of words', 'Is smoking allowed in the shed?', 'In the shed, is smoking allowed?'],
    ['articles and the like', 'What does the deposit cost?', 'Please, what does a deposit cost?'],
    ['endings', 'How much are the deposits?', 'How much is the deposit?'],
    ['a slip of the pen', 'When is the compost collected?', 'When is the compots collected?'],
    ['another script', '押金是多少？', '押金是多少'],
    ['function words alone', 'What is it?', 'what is it'],
    ['signs alone', '???', ' ??? '],
  ])('%s', (_, a, b) => {
    expect(groupsOf(a, b)).toBe(1);
  });

  test('forty times one question', () => {
    expect(groupsOf(...Array.from({ length: 40 }, () => 'What does the deposit cost?'))).toBe(1);
  });

  test.each([
    [
      'a few more words',
      'How do I report a broken tap in the garden?',
      'Please, how do I report a broken tap in the garden today?',
    ],
    [
      'endings that no stemmer knows',
      'Сколько видов гребневиков подтверждено учёными?',
      'Сколько видов гребневика подтверждено учёными?',
    ],
    [
      'a slip of the pen and another ending',
      'When is the compost heap of the garden colected by the council?',
      'When are the compost heaps of the garden collected by the council?',
    ],
    [
      'a script without spaces',
      '管理员什么时候打开花园的大门和水龙头？',
      '管理员什么时候打开花园的大门和水龙头呢？',
    ],
  ])('nearly equal: %s', (_, a, b) => {
    expect(groupsOf([a, 'By the form.'], [b, 'Fill in the form.'])).toBe(1);
  });

  test('the same answer to questions that share half of their words', () => {
    expect(
      groupsOf(['How much is the deposit?', '60 euros.'], ['What does the deposit cost?', '60 euros']),
    ).toBe(1);
  });

  test('the same place of a document, also over three', () => {
    const groups = independentGroups([
      { id: 'a', question: 'When does the tap open?' },
      { id: 'b', question: 'From when on is there water?', sharesAnswerWith: 'a' },
      { id: 'c', question: 'from when on is there WATER' },
      { id: 'd', question: 'May I keep hens?' },
    ]);
    expect(groups).toEqual(['a', 'a', 'a', 'd']);
  });

  test("the file's own groups hold, and are put together where their questions are equal", () => {
    expect(
      independentGroups([
        { id: 'a', question: 'When does the tap open?', group: 'water' },
        { id: 'b', question: 'How cold may it be?', group: 'water' },
        { id: 'c', question: 'How cold may it be', group: 'frost' },
        { id: 'd', question: 'Who clears the snow?', group: 'frost' },
        { id: 'e', question: 'Who has the key?' },
      ]),
    ).toEqual(['water', 'water', 'water', 'water', 'e']);
  });
});

describe('cases that are not', () => {
  test.each([
    ['another number', 'What changed in version 2.1?', 'What changed in version 2.10?'],
    ['another year', 'What was the profit in 2023?', 'What was the profit in 2024?'],
    ['another thing', 'What are the symptoms of gout?', 'What are the symptoms of mumps?'],
    ['short words that differ by a letter', 'Where is the plate kept?', 'Where is the plane kept?'],
    ['two letters', 'What causes hypertension?', 'What causes hypotension?'],
    ['function words alone', 'What is it?', 'Who are they?'],
    ['signs alone', '???', '!!!'],
  ])('%s', (_, a, b) => {
    expect(groupsOf(a, b)).toBe(2);
  });

  test('nearly equal questions with another number, code or abbreviation, or with plainly different answers', () => {
    expect(
      groupsOf(
        'What changed in version 2.1 of the garden rules?',
        'What changed in version 2.2 of the garden rules?',
      ),
    ).toBe(2);
    expect(
      groupsOf(
        'What are the genetic changes related to APLS?',
        'What are the genetic changes related to AS?',
      ),
    ).toBe(2);
    const ask = (season: string) =>
      `How many days before the ${season} season must members pay the annual fee for their plot by bank transfer?`;
    expect(groupsOf([ask('summer'), 'Thirty days.'], [ask('winter'), 'A week.'])).toBe(2);
    expect(groupsOf([ask('summer'), 'Thirty days.'], [ask('winter'), 'Thirty days before.'])).toBe(1);
    expect(groupsOf([ask('summer'), 'Yes.'], [ask('winter'), 'No.'])).toBe(2);
  });

  test('short answers that are equal say nothing', () => {
    expect(
      groupsOf(['May I keep hens in the garden?', 'Yes.'], ['May I keep bees in the garden?', 'Yes.']),
    ).toBe(2);
    expect(
      groupsOf(['Who has the key?', 'The society board.'], ['Who clears the snow?', 'The society board.']),
    ).toBe(2);
  });

  test('ten thousand questions made by one pattern are compared quickly', () => {
    const started = performance.now();
    const letters = 'bcdfghklmnprst';
    const name = (at: number) =>
      Array.from(
        { length: 9 },
        (_, i) => letters[Math.floor(at / 5 ** (i % 6) + i * 3 + at * (i + 1)) % 14],
      ).join('');
    expect(
      groupsOf(...Array.from({ length: 10_000 }, (_, at) => `What are the symptoms of ${name(at)}${at}?`)),
    ).toBe(10_000);
    expect(
      groupsOf(...Array.from({ length: 10_000 }, (_, at) => `What are the symptoms of ${name(at)}?`)),
    ).toBeGreaterThan(1);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

test('wordings of one question are on the same side of a split, and a file that grows keeps its sides', () => {
  const lines = Array.from({ length: 60 }, (_, at) => ({ id: `q${at}`, question: `Who has key ${at}?` }));
  const before = splitsOf(lines);
  expect(before).toEqual(lines.map(({ id }) => splitOf(id)));
  const again = lines.map(({ question }, at) => ({
    id: `again${at}`,
    question: question.toUpperCase(),
    group: 'g',
  }));
  const after = splitsOf([...lines, again[3]!, again[4]!]);
  expect(after.slice(0, 60)).toEqual(before.map((side, at) => (at === 4 ? before[3] : side)));
  expect(after.slice(60)).toEqual([before[3], before[3]]);
});
