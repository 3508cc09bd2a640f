import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument } from '../parse/parse-document.ts';
import { quotation } from './quotation.ts';

/** The quotes' texts; each must lie where it says. */
const quote = (question: string, text: string, prefix = '') =>
  quotation(question, { text, prefix }, 50).map((found) => {
    const source = text.slice(found.start, found.end).replace(/\s+/g, ' ');
    for (const word of source.match(/[\p{L}\p{N}]+/gu)!) expect(found.text).toContain(word);
    if (!source.startsWith('|')) expect(source).toBe(found.text);
    return found.text;
  });

describe('sentences', () => {
  test('the first whole ones; no headings, no restated questions', () => {
    expect(
      quote(
        'What are the treatments?',
        '## Treatment\n\nHow is it treated?\n\nIt is treated with rest. Water helps too. '.padEnd(80),
      ),
    ).toEqual(['It is treated with rest.', 'Water helps too.']);
  });

  test('as many as there is room for', () => {
    const sentence = `It ${'really '.repeat(28)}helps.`;
    expect(quote('What helps?', `${sentence} ${sentence}`)).toEqual([sentence]);
  });

  test('of scripts without capitals', () => {
    expect(quote('有給休暇は何日ですか', '有給休暇は年間20日です。翌年に繰り越せます。')).toEqual([
      '有給休暇は年間20日です。',
      '翌年に繰り越せます。',
    ]);
    expect(quote('كم يوم', 'الإجازة عشرون يوما. تحسب سنويا.')).toHaveLength(2);
    expect(quote('छुट्टी', 'छुट्टी बीस दिन है।')).toEqual(['छुट्टी बीस दिन है।']);
  });
});

describe('several topics in a passage', () => {
  const handbook =
    'Tell your line manager by 9:30. A fit note is needed from the eighth day on. Sick pay is full pay for 12 weeks.\n\n4. Expenses\n\nTravel is booked through the travel desk. Own car: 45 pence a mile. Alcohol is not refunded.\n\n5. Leaving\n\nNotice is one month in the first two years. The laptop goes to Facilities.\n\n8. Dogs\n\nDogs may come to the Leeds office on Fridays. Not in the workshop.\n\n9. Parking';

  test.for([
    [
      'can I bring my dog to the Leeds office on Fridays',
      'Dogs may come to the Leeds office on Fridays.',
      'Not in the workshop.',
    ],
    [
      'expenses',
      'Travel is booked through the travel desk.',
      'Own car: 45 pence a mile.',
      'Alcohol is not refunded.',
    ],
    ['is alcohol refunded', 'Alcohol is not refunded.'],
    ['what do I get per mile with my own car', 'Own car: 45 pence a mile.', 'Alcohol is not refunded.'],
    ['how much sick pay do I get', 'Sick pay is full pay for 12 weeks.'],
    [
      'where may I park',
      'Tell your line manager by 9:30.',
      'A fit note is needed from the eighth day on.',
      'Sick pay is full pay for 12 weeks.',
      'Travel is booked through the travel desk.',
      'Own car: 45 pence a mile.',
      'Alcohol is not refunded.',
    ],
  ])('%s', ([question, ...expected]) => {
    expect(quote(question!, handbook, 'Handbook')).toEqual(expected);
  });

  test('headings with a # and below others, lines in bold, questions', () => {
    const leeds = '## Leeds\n\n### Opening\n\nFrom eight to five.\n\n### Parking\n\nBehind the house.';
    const york = '## York\n\n### Opening\n\nFrom nine to six.\n\n**Parking**\nIn the yard.';
    const text = `${leeds}\n\n${york}\n\nCan it be hired? By whom?\nBy members only.`;
    expect(quote('opening York', text)).toEqual(['From nine to six.']);
    expect(quote('opening Leeds', text)).toEqual(['From eight to five.']);
    expect(quote('parking in York', text)).toEqual(['In the yard.']);
    expect(quote('can I hire it', text)).toEqual(['By members only.']);
  });

  test('rows and items are those of the topic', () => {
    const text = 'Fees\n\n- Adults 3 €\n- Children 1 €\n\nHours\n\n- Adults 8 to 22\n- Children 9 to 18';
    expect(quote('hours for children', text)).toEqual(['Children 9 to 18']);
    expect(quote('children fees', text)).toEqual(['Children 1 €']);
  });

  test('a list with blank lines between its items, and a question in one, have no headings', () => {
    expect(quote('pears', 'Bring:\n\n1. Apples\n\n2. Pears\n\n3. Plums')).toEqual(['Bring:', 'Pears']);
    expect(quote('plums', 'Bring:\n\n1. Apples\n\n2. Pears\n\n3. Plums')).toEqual(['Bring:', 'Plums']);
    expect(quote('links on gout', 'More on gout:\n\n- Gout: what is it?\n- Rest and gout')).toEqual([
      'More on gout:',
      'Rest and gout',
    ]);
  });
});

test('a section’s opening answers, unless a sentence further on has much more of what was asked', () => {
  const text = `Gout is a disease of joints. ${'It has been known for long and is found everywhere. '.repeat(6)}Purines in beer and meat are related to attacks.`;
  expect(quote('what is related to gout', text, 'Gout')[0]).toBe('Gout is a disease of joints.');
  expect(quote('is beer related to gout attacks', text, 'Gout')).toEqual([
    'Purines in beer and meat are related to attacks.',
  ]);
});

test('property: quotes lie in the passage, in order, whatever it is made of', () => {
  const part = fc.constantFrom(
    '# A',
    '**B**',
    '**C?**',
    '1. Dogs',
    '2. Cats',
    '- item',
    'A sentence. Another.',
    'Why?',
    '| a | b |',
    '|---|---|',
    'Growth',
    '',
    '_',
    '*x.*',
    '  ',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), fc.constantFrom('\n', '\n\n'), (parts, separator) => {
      const text = parts.join(separator);
      let position = 0;
      for (const { start, end, text: shown } of quotation(
        'dogs cats growth a b item',
        { text, prefix: 'P' },
        20,
      )) {
        expect(start).toBeGreaterThanOrEqual(position);
        expect(text.slice(start, end)).toMatch(/^\S(?:[\s\S]*\S)?$/);
        if (!text.slice(start, end).startsWith('|'))
          expect(shown).toBe(text.slice(start, end).replace(/\s+/g, ' '));
        position = end;
      }
    }),
    { numRuns: 500 },
  );
});

describe('emphasis', () => {
  const stolen =
    '**My bike was stolen. What now?**\nCall the police first, then us.\n\n**Is it okay to jet-wash it?**\nNo. Use a bucket.';

  test('a question in it is restated, and what stands below it is said', () => {
    expect(quote('My bike was stolen, what do I do?', stolen)[0]).toBe('Call the police first, then us.');
    expect(quote('How do I reset?', '**How do I reset?** Press the button.')).toEqual(['Press the button.']);
  });

  test('marks are shown where both are, and what they mark is not all that is quoted', () => {
    expect(
      quote('what is hot', '**Warning: the lid is hot.** Wait a **long** minute. *It cools. Slowly.*'),
    ).toEqual(['Warning: the lid is hot.', 'Wait a **long** minute.', 'It cools.', 'Slowly.']);
    expect(quote('pears', '-   **Pears**\n-   _Plums_')).toEqual(['Pears']);
    expect(quote('pears', '- **Pears:** 3 €\n- **Plums:** 4 €')).toEqual(['**Pears:** 3 €']);
  });
});

describe('where there are none', () => {
  const table =
    '| Risk | Insurer | Premium |\n|---|---|---|\n| Fire | Aviva | 900 |\n| Flood | Zurich | 1,200 |\n| Theft | | 300 |';

  test("the row that has the question's words, each cell behind its column's name", () => {
    expect(quote('insurer for flood', table)).toEqual(['Risk: Flood; Insurer: Zurich; Premium: 1,200']);
    expect(quote('theft premium', table)).toEqual(['Risk: Theft; Premium: 300']);
  });

  test('a head that stands in the prefix', () => {
    expect(
      quote('price of QX-1237', '| QX-1237 | 14.50 |\n| QX-1238 | 9 |', 'Parts\n| Code | Price |'),
    ).toEqual(['Code: QX-1237; Price: 14.50']);
  });

  test('a page of names and values, of which none is a head', async () => {
    const page =
      '<table><tr><td>Telephone<td>0113 555 0100</tr><tr><td>Fax<td>0113 555 0199</tr><tr><td>Manager<td>Ana Sousa</tr></table>';
    const { text } = await parseDocument({ uri: 'leeds.html', bytes: new TextEncoder().encode(page) });
    expect(quote('What is the fax number of the Leeds office?', text, 'Leeds office')).toEqual([
      'Fax: 0113 555 0199',
    ]);
  });

  test('items and lines of a slide', () => {
    expect(quote('price of pears', '- Apples 2 €\n- Pears 3 €\n- Plums 4 €')).toEqual(['Pears 3 €']);
    expect(quote('how is the Danish market', 'Growth\nDanish market up 12 %')).toEqual([
      'Growth Danish market up 12 %',
    ]);
  });

  test('a list with the line that announces it', () => {
    expect(quote('what must I bring', 'Fees apply:\n\n- 3 €\n\nBring:\n\n- passport\n- photo')).toEqual([
      'Bring:',
      'passport',
      'photo',
    ]);
  });

  test('all from the first on, where none has a word of the question', () => {
    expect(quote('papers?', 'To take along:\n\n- passport\n- photo')).toEqual([
      'To take along:',
      'passport',
      'photo',
    ]);
  });

  test('nothing is quoted of headings and questions alone', () => {
    expect(quote('What now?', '# What now?\n\nWhat happens then?')).toEqual([]);
  });
});

test('a row is quoted before sentences that say no more of what was asked than the title does', () => {
  const text =
    'The pool is open all year but for two weeks in August.\n\n| Day | Opens |\n|---|---|\n| Tuesday | 7:00 |\n| Wednesday | 9:00 |';
  expect(quote('when does the pool open on Wednesday', text, 'Swimming pool opening hours')).toEqual([
    'Day: Wednesday; Opens: 9:00',
  ]);
  expect(quote('when is the pool open', text, 'Swimming pool opening hours')).toHaveLength(1);
});

test('a row is quoted before sentences that say less of what was asked', () => {
  const text =
    'Probation is six months. Garden leave is possible.\n\n| Grade | Notice period |\n|---|---|\n| Junior | 1 month |\n| Senior | 3 months |';
  expect(quote('notice period senior', text)).toEqual(['Grade: Senior; Notice period: 3 months']);
  expect(quote('how long is probation', text)[0]).toBe('Probation is six months.');
});
