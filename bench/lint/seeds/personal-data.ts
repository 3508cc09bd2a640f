import type { Random } from '../../../packages/tandem/src/statistics/random.ts';
import { chat, type SeededEntry, type Seeder, untouched } from '../seeded.ts';

const names = [
  'anna.meier',
  'j.o.smith',
  'pedro_lopez',
  'ming-li',
  'o.nowak',
  'sophie+work',
  'rahul1987',
  'k.sato',
  'marie.dubois',
  'ivan.petrov',
];
const hosts = [
  'gmail.com',
  'acme-corp.io',
  'web.de',
  'uni-bremen.de',
  'yahoo.co.jp',
  'orange.fr',
  'mail.ru',
  'outlook.com',
  'nhs.uk',
  'sub.dept.univ.edu',
];

/** Check digits as the standards define them, worked out here. */
function numbers(random: Random) {
  const digits = (length: number) => Array.from({ length }, () => random.integer(10)).join('');
  const letters = (length: number, from = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') =>
    Array.from({ length }, () => from[random.integer(from.length)]).join('');
  const groupsOf = (text: string, size: number) => text.match(new RegExp(`.{1,${size}}`, 'g'))!.join(' ');
  /** ISO 7064 MOD 97-10. */
  const iban = (country: string, account: string) => {
    const moved = `${account}${country}00`.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
    return `${country}${String(98n - (BigInt(moved) % 97n)).padStart(2, '0')}${account}`;
  };
  /** ISO/IEC 7812-1, annex B. */
  const card = (prefix: string, length: number) => {
    const body = prefix + digits(length - 1 - prefix.length);
    let sum = 0;
    [...body].reverse().forEach((digit, at) => {
      const value = Number(digit) * (at % 2 === 0 ? 2 : 1);
      sum += value > 9 ? value - 9 : value;
    });
    return `${body}${(10 - (sum % 10)) % 10}`;
  };
  const cpf = () => {
    const body = [...digits(9)].map(Number);
    for (const size of [10, 11]) {
      const sum = body.reduce((total, digit, at) => total + digit * (size - at), 0);
      body.push(((sum * 10) % 11) % 10);
    }
    const all = body.join('');
    return `${all.slice(0, 3)}.${all.slice(3, 6)}.${all.slice(6, 9)}-${all.slice(9)}`;
  };
  const dni = () => {
    const body = digits(8);
    return `${body}${'TRWAGMYFPDXBNJZSQVHLCKE'[Number(body) % 23]}`;
  };
  const nir = () => {
    const body = `2${digits(2)}0${1 + random.integer(9)}75${digits(6)}`;
    return `${body}${String(97n - (BigInt(body) % 97n)).padStart(2, '0')}`;
  };
  const chinese = () => {
    const body = `1101051985${['0312', '1124', '0705'][random.integer(3)]}${digits(3)}`;
    const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    return `${body}${'10X98765432'[[...body].reduce((sum, digit, at) => sum + Number(digit) * weights[at]!, 0) % 11]}`;
  };
  return { digits, letters, groupsOf, iban, card, cpf, dni, nir, chinese };
}

function made(random: Random): { kind: string; piece: string }[] {
  const { digits, letters, groupsOf, iban, card, cpf, dni, nir, chinese } = numbers(random);
  const of = (kind: string, pieces: string[]) => pieces.map((piece) => ({ kind, piece }));
  return [
    ...of(
      'e-mail',
      names.map((name, at) => `${name}@${hosts[at]}`),
    ),
    ...of('e-mail in words', [
      'write to Tom (tom.b@acme-corp.io).',
      'mailto:h.kim@univ.edu',
      'Kontakt: „lena.k@web.de“',
    ]),
    ...of('IBAN', [
      iban('DE', digits(18)),
      groupsOf(iban('DE', digits(18)), 4),
      groupsOf(iban('FR', `${digits(10)}${letters(1)}${digits(12)}`), 4),
      groupsOf(iban('GB', `${letters(4)}${digits(14)}`), 4),
      iban('NL', `${letters(4)}${digits(10)}`),
      groupsOf(iban('ES', digits(20)), 4),
      iban('AT', digits(16)),
      groupsOf(iban('PL', digits(24)), 4),
    ]),
    ...of('card', [
      card('4', 16),
      groupsOf(card('4', 16), 4),
      groupsOf(card('52', 16), 4),
      card('55', 16),
      groupsOf(card('51', 16), 4).replaceAll(' ', '-'),
      card('37', 15),
      card('34', 15),
      card('6011', 16),
    ]),
    // Published numbering plans: area codes that are in use, subscriber digits drawn.
    ...of('telephone, international', [
      `+49 30 2345${digits(4)}`,
      `+44 20 8765 ${digits(4)}`,
      `+1 212-736-${digits(4)}`,
      `+33 1 42 68 ${digits(2)} ${digits(2)}`,
      `+34 612 34 ${digits(2)} ${digits(2)}`,
      `+39 06 6982 ${digits(4)}`,
      `+7 495 123-${digits(2)}-${digits(2)}`,
      `+81 3-3211-${digits(4)}`,
      `+86 138 0013 ${digits(4)}`,
      `+91 98765 4${digits(4)}`,
      `+55 11 98765-${digits(4)}`,
      `+31 6 1234${digits(4)}`,
      `+48 512 345 ${digits(3)}`,
      `+90 532 123 ${digits(2)} ${digits(2)}`,
    ]),
    ...of('telephone, US', [
      `(415) 736-${digits(4)}`,
      `212-736-${digits(4)}`,
      `(617) 252-${digits(4)}`,
      `503.228.${digits(4)}`,
    ]),
    ...of('identity US', [
      '078-05-1120',
      `5${digits(2).replace('00', '12')}-4${1 + random.integer(9)}-6${digits(3)}`,
      `2${digits(2)}-3${random.integer(9)}-1${digits(3)}`,
    ]),
    ...of('identity GB', ['AB 12 34 56 C', 'JG103759A']),
    ...of('identity ES', [dni(), dni(), dni()]),
    ...of('identity BR', [cpf(), cpf(), cpf()]),
    ...of(
      'identity FR',
      [nir(), groupsOf(nir(), 3)].map((each, at) =>
        at ? each.replace(/ /g, '').replace(/^(.)(..)(..)(..)(...)(...)(..)$/, '$1 $2 $3 $4 $5 $6 $7') : each,
      ),
    ),
    ...of('identity CN', [chinese(), chinese()]),
    ...of('tax code IT', ['RSSMRA85T10A562S']),
  ];
}

const alike = (random: Random): string[] => {
  const { digits, iban, card, cpf, dni } = numbers(random);
  const wrong = (text: string) => text.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10));
  return [
    'user@example.com',
    'alice@example.org',
    'me@test.invalid',
    'info@acme-corp.io',
    'support@bank.co.uk',
    'noreply@shop.de',
    'privacy@nih.gov',
    'git@github.com:acme/app.git',
    '@anna_m',
    '@babel/core@7.1.0',
    'a @ b',
    'name@',
    'x@localhost',
    'help@lists.example.net',
    'kontakt@verein.de',
    'webmaster@city.gov',
    wrong(iban('DE', digits(18))),
    wrong(iban('FR', digits(23))),
    `GB00 ABCD ${digits(4)} ${digits(4)}`,
    wrong(card('4', 16)),
    wrong(card('52', 16)),
    `order ${digits(12)}`,
    `${digits(20)}`,
    '1234 5678 9012 3456 7890',
    wrong(cpf()),
    dni().replace(/.$/, 'I'),
    '2020-03-04',
    '1999-2003',
    '10.1000/182',
    '978-3-16-148410-0',
    '0000-0002-1825-0097',
    '192.168.10.254',
    '1.800.4',
    '1-800-422-6237',
    '1-888-624-1891',
    '800-367-2422',
    '52.5200, 13.4050',
    '3.141592653589',
    '12:30-14:45',
    '§ 4-2-1',
    '2024-12-31T23:59:59',
    'RFC 2822',
    'ISO 8601-1:2019',
    'Section 12-345-6789',
    '000-12-3456',
    '666-12-3456',
    '123-45-0000',
    '5-10-15',
    '555-0123',
    '(212) 555-0147',
    '$1,234,567.89',
    '100 000 000',
    'CAS 7732-18-5',
    '11-22-33',
    'IEC 60601-1-2',
    'PMID 12345678',
    'chr7:117120017',
    'v10.15.7-4',
  ];
};

export const seedPersonalData: Seeder = ({ draw, random }) => {
  // Sets whose texts are of people and organisations have real findings of their own; here only what was put in is counted.
  const pieces = made(random);
  const others = alike(random);
  // A national number is read by its text's country.
  const isEnglish = ({ language }: { language: string }) => language === 'en';
  const real = draw(pieces.length + others.length, isEnglish);
  const entry = (piece: string, at: number, is: SeededEntry['is'], kind: string): SeededEntry => {
    const { question, answer } = real[at]!;
    return {
      line: at % 4 ? chat(question, `${answer} ${piece}`) : chat(`${piece}: ${question}`, answer),
      is,
      kind,
    };
  };
  return [
    {
      entries: [
        ...untouched(draw(300, isEnglish)),
        ...pieces.map(({ kind, piece }, at) => entry(piece, at, 'defect', `${kind} ${piece}`)),
        ...others.map((piece, at) => entry(piece, pieces.length + at, 'look-alike', piece)),
      ],
    },
  ];
};
