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

describe('what is no answer', () => {
  test('badges, links alone and a table of contents', () => {
    const page =
      '[![Release 4](https://ci.example.org/b.svg)](https://ci.example.org)\n\n- [Release](#release)\n- [Licence](#licence)\n\nLathe makes pages of tables. Release 4 is the last.';
    expect(quote('which release is the last', page)).toEqual(['Release 4 is the last.']);
    expect(quote('licence', '- [Licence](#licence)\n- [Install](#install)')).toEqual([]);
    const printed = 'Lamps ........ 4\nLines ........ 9\n\nLamps are lit at dusk.';
    expect(quote('lamps', printed)).toEqual(['Lamps are lit at dusk.']);
  });

  test('entries that repeat the headings of the document', () => {
    const text = '- Lamps\n- Lines 9\n- Ropes\n\nThe store is open on Mondays.';
    const reading = { headings: new Set(['lamps', 'lines', 'ropes', 'store']) };
    expect(quotation('lamps', { text }, 50, reading).map((found) => found.text)).toEqual([
      'The store is open on Mondays.',
    ]);
    const two = { headings: new Set(['lamps', 'ropes']) };
    expect(quotation('lamps', { text }, 50, two).map((found) => found.text)).toEqual(['Lamps']);
  });

  test('sentences that stand in many documents, unless nothing else has as much of the question', () => {
    const passage = { text: 'The saw is oiled on Fridays. Ask the office for keys. It is heavy.' };
    const repeated = new Set(['Ask the office for keys.']);
    const texts = (question: string) =>
      quotation(question, passage, 50, { repeated }).map((found) => found.text);
    expect(texts('when is the saw oiled')).toEqual(['The saw is oiled on Fridays.', 'It is heavy.']);
    expect(texts('who has the keys')[0]).toBe('Ask the office for keys.');
  });
});

describe('code', () => {
  const text =
    'Cut the boards first. Then start the server:\n\n```sh\nlathe build\nlathe serve --port 4310\n```\n\nThe server stops at night.';

  test('a line of it stands behind the sentence before it', () => {
    expect(quote('which port does serve use', text)).toEqual([
      'Then start the server:',
      'lathe serve --port 4310',
    ]);
    expect(quote('when does the server stop at night', text)[0]).toBe('The server stops at night.');
  });

  test('a fence that is never closed makes no code of what follows; one that lost its opening is left out', () => {
    const open =
      'Set the folder:\n\n```json\n{ "cache": "/var/lathe" }\n\nThe cache is emptied every 36 hours.';
    expect(quote('how often is the cache emptied', open)[0]).toBe('The cache is emptied every 36 hours.');
    expect(quote('what is emptied', '```\n\nThe cache is emptied.')).toEqual(['The cache is emptied.']);
  });

  test('is what the document’s blocks say, in a passage that begins inside it', () => {
    const cut = 'limit: 7\nwait: 20\n```\nThe limit can be raised.';
    const code = [{ start: 0, end: cut.indexOf('\nThe') }];
    const texts = quotation('what is the wait', { text: cut }, 50, { code }).map((found) => found.text);
    expect(texts).toEqual(['wait: 20']);
  });
});

test('an item stands behind the line that introduces its list, and counts with its words', () => {
  const text = 'Before the first dive you need:\n\n- a lamp\n- a key from the office\n- two weights';
  expect(quote('which key do I need', text)).toEqual([
    'Before the first dive you need:',
    'a key from the office',
  ]);
});

test('where neither title nor section names what is asked, the sentence that says it comes first', () => {
  const text =
    'Boats are washed on Mondays. Ropes hang in the loft. Paint is in the green locker. Oars are numbered.';
  expect(quote('where is the paint', text, 'Boathouse')[0]).toBe('Paint is in the green locker.');
  expect(quote('who numbers the oars', text, 'Boathouse')).toEqual(['Oars are numbered.']);
});

test('a line with a date that stands as a heading does is quoted with what is below it', () => {
  const text = 'Edition 3, in force since 5 May 2024\n\nThe loft is closed in winter.';
  expect(quote('since when is the edition in force', text)).toEqual([
    'Edition 3, in force since 5 May 2024',
    'The loft is closed in winter.',
  ]);
});

test('words are those of the document’s language', () => {
  const text = 'Das Boot ist rot. Die Ruder liegen im Schuppen. Der Schlüssel hängt am Haken.';
  const texts = quotation('Wo hängen die Schlüssel?', { text }, 8, { language: 'de' });
  expect(texts[0]!.text).toBe('Der Schlüssel hängt am Haken.');
});
