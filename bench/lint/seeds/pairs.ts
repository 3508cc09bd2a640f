import { join } from 'node:path';
import { linesOf } from '../../data/json-lines.ts';
import { chat, inTurn, type SeededEntry, type Seeder, untouched } from '../seeded.ts';

const isSpaced = ({ language }: { language: string }) => language !== 'th';
const isLong = ({ question, answer, language }: { question: string; answer: string; language: string }) =>
  language !== 'th' && question.split(' ').length >= 6 && answer.length > 20;

/** The same entry again, with white space as editors change it; and entries that share a half. */
export const seedExactDuplicates: Seeder = ({ draw }) => {
  const real = draw(120);
  const others = draw(60);
  const spaced = [
    (text: string) => text,
    (text: string) => `${text} `,
    (text: string) => text.replace(/ /, '  '),
    (text: string) => `\n${text}`,
    (text: string) => text.replace(/ ([^ ]*)$/, '\n$1'),
    (text: string) => text.normalize('NFD'),
  ];
  return [
    {
      entries: [
        ...untouched(real),
        ...untouched(draw(180)),
        ...inTurn(spaced, 60).map(
          (change, at): SeededEntry => ({
            line: chat(change(real[at]!.question), change(real[at]!.answer), {
              metadata: { id: `copy-${at}` },
            }),
            is: 'defect',
            kind: `way ${at % spaced.length}`,
          }),
        ),
        ...others.slice(0, 30).map(
          ({ answer }, at): SeededEntry => ({
            line: chat(real[60 + at]!.question, `${answer} Or so.`),
            is: 'look-alike',
            kind: 'another answer',
          }),
        ),
        ...others.slice(30).map(
          ({ question }, at): SeededEntry => ({
            line: chat(`${question} (again)`, real[90 + at]!.answer),
            is: 'look-alike',
            kind: 'another question',
          }),
        ),
      ],
    },
  ];
};

/** Slips as typists make them, and changes of a word that carries nothing; against one number, name or negation. */
export const seedNearDuplicates: Seeder = ({ draw, random }) => {
  const real = draw(140, isLong);
  /** A slip inside of a word of five letters or more; in a shorter one, and in digits, it makes another word. */
  const slip = (text: string, change: (word: string, at: number) => string) => {
    const words = [...text.matchAll(/(?<!\p{N})\p{L}{5,}(?!\p{N})/gu)];
    const word = words[random.integer(Math.max(1, words.length))];
    if (!word) return text;
    const at = 1 + random.integer(word[0].length - 3);
    return text.slice(0, word.index) + change(word[0], at) + text.slice(word.index + word[0].length);
  };
  const swap = (text: string) =>
    slip(text, (word, at) => word.slice(0, at) + word[at + 1]! + word[at]! + word.slice(at + 2));
  const drop = (text: string) => slip(text, (word, at) => word.slice(0, at) + word.slice(at + 1));
  const slips: [string, (q: string, a: string) => [string, string]][] = [
    ['letters swapped', (q, a) => [swap(q), a]],
    ['a letter dropped', (q, a) => [drop(q), drop(a)]],
    ['politeness', (q, a) => [`${q.replace(/\?$/, '')}, please?`, a]],
    [
      'marks and capitals',
      (q, a) => [(q === q.toUpperCase() ? q.toLowerCase() : q.toUpperCase()).replace(/[?.]$/, ''), a],
    ],
    ['a word more', (q, a) => [q, `${a} Really.`]],
    ['two words swapped', (q, a) => [q.replace(/(\S+) (\S+)$/, '$2 $1'), a]],
  ];
  const defects = inTurn(slips, 72).map(([kind, change], at): SeededEntry => {
    const { question, answer } = real[at]!;
    const changed = change(question, answer);
    // Two equal letters swapped, or a text without a word to slip in, is no change.
    const isChanged = changed[0] !== question || changed[1] !== answer;
    const [q, a] = isChanged ? changed : [`${question} Thanks.`, answer];
    return { line: chat(q, a), is: 'defect', kind: `${kind} ${real[at]!.id}` };
  });
  // Forms that are filled in: each row is another question.
  const forms: [(value: string) => string, (value: string) => string, string[]][] = [
    [
      (v) => `How long is the warranty of the model ${v}?`,
      (v) => `The model ${v} has the warranty that is printed on its receipt.`,
      ['K2', 'K3', 'K4', 'R7', 'R8'],
    ],
    [
      (v) => `What is the phone extension of room ${v}?`,
      (v) => `Room ${v} has the extension on the list at the door of that room.`,
      ['101', '102', '103', '204', '317'],
    ],
    [
      (v) => `Which gate does the bus to ${v} leave from?`,
      (v) => `The bus to ${v} leaves from the gate that is shown above the counter.`,
      ['Kassel', 'Bremen', 'Lyon', 'Porto', 'Turin'],
    ],
    [
      (v) => `May visitors ${v} the garden in winter?`,
      (v) => `Visitors may ${v} the garden in winter with a pass from the office.`,
      ['enter', 'photograph', 'not enter', 'rent'],
    ],
    [
      (v) => `What does ticket zone ${v} cover?`,
      (v) => `Ticket zone ${v} covers the stations on the map in every train.`,
      ['A', 'B', 'C', 'D'],
    ],
    [
      (v) => `How many tablets of ${v} may be taken in a day?`,
      (v) => `Of ${v} two tablets may be taken in a day, with water.`,
      ['Aspirin', 'Ibuprofen', 'Paracetamol', 'Naproxen'],
    ],
    [
      (v) => `Does plan ${v} include calls abroad?`,
      (v) => `Plan ${v} includes calls abroad as its leaflet says.`,
      ['2024', '2025', '2026'],
    ],
  ];
  const rows = forms.flatMap(([question, answer, values]) =>
    values.map(
      (value): SeededEntry => ({
        line: chat(question(value), answer(value)),
        is: 'look-alike',
        kind: `${question('…')} ${value}`,
      }),
    ),
  );
  const others = draw(40, isLong).map(
    ({ answer }, at): SeededEntry => ({
      line: chat(real[90 + at]!.question, answer),
      is: 'look-alike',
      kind: 'another answer',
    }),
  );
  return [{ entries: [...untouched(real), ...untouched(draw(160)), ...defects, ...rows, ...others] }];
};

/** Written for this by a language model: a paraphrase of a question with its answer in other words, and a question nearby with its own answer. */
interface Paraphrase {
  question: string;
  answer: string;
  paraphrase: { question: string; answer: string };
  nearby: { question: string; answer: string };
}

export const seedSameMeaning: Seeder = ({ draw }) => {
  const written = linesOf<Paraphrase>(join(import.meta.dirname, '..', '..', 'data', 'paraphrases.jsonl'));
  const isShort = ({ language, set }: { language: string; set: string }) =>
    language === 'en' && set !== 'banking77';
  return [
    {
      entries: [
        ...untouched(draw(120, isShort)),
        ...written.map(
          ({ question, answer }): SeededEntry => ({
            line: chat(question, answer),
            is: 'untouched',
            kind: 'original',
          }),
        ),
        ...written.map(
          ({ paraphrase }): SeededEntry => ({
            line: chat(paraphrase.question, paraphrase.answer),
            is: 'defect',
            kind: paraphrase.question,
          }),
        ),
        ...written.map(
          ({ nearby }): SeededEntry => ({
            line: chat(nearby.question, nearby.answer),
            is: 'look-alike',
            kind: nearby.question,
          }),
        ),
      ],
    },
  ];
};

/** Two answers of which one is wrong, to one question; and answers that differ and are both right. */
export const seedContradictions: Seeder = ({ draw, random }) => {
  const real = draw(150, isSpaced);
  const again = (question: string, at: number) =>
    [
      question,
      question.toLowerCase(),
      `${question.replace(/[?.]$/, '')}`,
      ` ${question} `,
      question.toUpperCase(),
    ][at % 5]!;
  const pair = (
    kind: string,
    answers: [string, string],
    is: 'defect' | 'look-alike',
    { question }: { question: string },
    at: number,
  ): SeededEntry[] => [
    { line: chat(question, answers[0]), is: 'untouched', kind: 'first' },
    { line: chat(again(question, at), answers[1]), is, kind: `${kind}: ${answers.join(' / ')}` },
  ];
  const n = () => 3 + random.integer(90);
  const wrong: [string, () => [string, string]][] = [
    [
      'numbers',
      () => {
        const value = n();
        return [`The limit is ${value} days.`, `The limit is ${value + 7} days.`];
      },
    ],
    [
      'money',
      () => {
        const value = n();
        return [`It costs ${value} euros.`, `You pay ${value + 10} €.`];
      },
    ],
    ['dates', () => ['The deadline is 3 July 2025.', 'The deadline is 2025-07-04.']],
    ['versions', () => ['Since version 2.1.1.', 'Since version 2.1.']],
    ['negation', () => ['Dogs are allowed in the hall.', 'Dogs are not allowed in the hall.']],
    ['yes and no', () => ['Yes.', 'No.']],
    ['never', () => ['The door is locked at night.', 'The door is never locked at night.']],
    ['names', () => ['Paris', 'Lyon']],
    ['short answers', () => ['The porter.', 'The head of finance.']],
    ['nicht', () => ['Hunde sind in der Halle erlaubt.', 'Hunde sind in der Halle nicht erlaubt.']],
    ['pas', () => ['Le parc est ouvert le soir.', "Le parc n'est pas ouvert le soir."]],
    [
      'long with a number',
      () => {
        const value = n();
        return [
          `Staff who have worked here for a year are entitled to ${value} days of leave, to be taken before March.`,
          `Whoever has been here for a year gets ${value + 5} days off, and must take them before March comes.`,
        ];
      },
    ],
  ];
  const right: [string, () => [string, string]][] = [
    [
      'says more',
      () => {
        const value = n();
        return [`${value} euros`, `The deposit is ${value} euros.`];
      },
    ],
    ['the same in other signs', () => ['The deposit is 60 euros.', 'the deposit is 60 euros']],
    ['markers', () => ['It opens at nine. [1]', 'It opens at nine. [2]']],
    [
      'another notation',
      () => [
        'It has 1,577 seats in the main hall today.',
        'There are 1577 seats, all of them in the main hall.',
      ],
    ],
    [
      'another date',
      () => [
        'It was founded on 3 July 1925 by a small group of friends.',
        'On 1925-07-03 a few friends founded it together.',
      ],
    ],
    [
      'in other words',
      () => [
        'The form is signed by whoever approved the journey, and then goes to accounting.',
        'Accounting gets the form once the person who approved the trip has put a signature on it.',
      ],
    ],
    [
      'longer',
      () => [
        'Rest and water.',
        'Rest and water. Avoid meat and beer, and see a doctor if it does not get better.',
      ],
    ],
  ];
  const different = draw(60, isSpaced).map(
    ({ question, answer }): SeededEntry => ({
      line: chat(question, answer),
      is: 'look-alike',
      kind: 'another question',
    }),
  );
  return [
    {
      entries: [
        ...untouched(draw(150)),
        ...inTurn(wrong, 72).flatMap(([kind, answers], at) => pair(kind, answers(), 'defect', real[at]!, at)),
        ...inTurn(right, 70).flatMap(([kind, answers], at) =>
          pair(kind, answers(), 'look-alike', real[72 + at]!, at),
        ),
        ...different,
      ],
    },
  ];
};

/** Training examples that give a held-out case away, and those that are near it and do not. */
export const seedLeakage: Seeder = ({ draw }) => {
  const held = draw(90, isLong);
  const cases = held.map(({ id, question, answer }) => ({
    id,
    question,
    expected: answer,
    group: `group of ${id}`,
  }));
  const words = (text: string) => text.split(/\s+/);
  const gives: [string, (entry: (typeof held)[number]) => object][] = [
    ['its question', ({ question }) => chat(question, 'That is told elsewhere.')],
    [
      'its question in capitals, without its mark',
      ({ question }) => chat(question.toUpperCase().replace(/[?.]+$/, ''), 'That is told elsewhere.'),
    ],
    [
      'its question behind a greeting',
      ({ question }) => chat(`Good morning! ${question}`, 'That is told elsewhere.'),
    ],
    [
      'its question below sources',
      ({ question }) =>
        chat(`Sources:\n\n[1] Notes\nNothing.\n\nQuestion: ${question}`, 'That is told elsewhere.'),
    ],
    [
      'its group',
      ({ id }) =>
        chat('What else is there?', 'A different thing.', { metadata: { group: `group of ${id}` } }),
    ],
    [
      'its question in an earlier turn',
      ({ question }) => ({
        messages: [
          { role: 'user', content: question },
          { role: 'assistant', content: 'One moment.' },
          { role: 'user', content: 'Well?' },
          { role: 'assistant', content: 'It is so.' },
        ],
      }),
    ],
  ];
  const wordy = held.filter(({ answer }) => words(answer).length >= 20);
  const near: [string, (entry: (typeof held)[number]) => object][] = [
    [
      'half of its question',
      ({ question }) =>
        chat(
          `${words(question)
            .slice(0, Math.floor(words(question).length / 2))
            .join(' ')} and so on?`,
          'That is told elsewhere.',
        ),
    ],
    [
      'a few words of its answer',
      ({ answer }) =>
        chat('What is it like?', `${words(answer).slice(0, 4).join(' ')} and more of that kind.`),
    ],
    [
      'its question within another',
      ({ question }) =>
        chat(
          `${question.replace(/[?.!]+$/, '')} in the year after the great reform of the whole system, and who wanted it?`,
          'Nobody did.',
        ),
    ],
  ];
  return [
    {
      cases,
      entries: [
        ...untouched(draw(250)),
        ...inTurn(gives, 60).map(
          ([kind, make], at): SeededEntry => ({ line: make(held[at]!), is: 'defect', kind }),
        ),
        ...wordy.slice(0, 20).map(
          (entry): SeededEntry => ({
            line: chat('What was said?', `We were told this: ${entry.answer}`),
            is: 'defect',
            kind: 'its answer',
          }),
        ),
        ...inTurn(near, 60).map(
          ([kind, make], at): SeededEntry => ({
            line: make(held[(at * 5) % held.length]!),
            is: 'look-alike',
            kind,
          }),
        ),
      ],
    },
  ];
};
