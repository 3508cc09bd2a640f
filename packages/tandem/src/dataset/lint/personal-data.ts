import { findPhoneNumbersInText } from 'libphonenumber-js/max';
import validator from 'validator';
import { detectLanguage } from '../../text/language.ts';
import type { Check, Found } from './check.ts';
import type { LintItem } from './items.ts';

export const personalData: Check = {
  name: 'personal-data',
  severity: 'warning',
  finds:
    "e-mail addresses and telephone numbers of people, account and card numbers, and identity numbers of some countries; not names and street addresses, and not an organisation's shared mailbox or free hotline",
  async find({ items }) {
    const language = await detectLanguage(items.slice(0, 50).flatMap(textsOf).join('\n'));
    return items.flatMap((item): Found[] => {
      const kinds = new Map<string, string[]>();
      for (const text of textsOf(item))
        for (const { kind, value } of personalDataIn(text, language))
          kinds.set(kind, [...(kinds.get(kind) ?? []), masked(value)]);
      return [...kinds].map(([kind, values]) => ({
        where: item.where,
        message: `has ${kind}: ${[...new Set(values)].slice(0, 3).join(', ')}`,
      }));
    });
  },
};

const textsOf = ({ messages }: LintItem) => messages.map(({ text }) => text);

/** Enough to find it in the file, and no more: a report is read by more people than the file. */
function masked(value: string): string {
  const [first, ...rest] = [...value];
  return `${first}${rest.map((character, at) => (at >= rest.length - 2 || /[\s@.+()/-]/.test(character) ? character : '•')).join('')}`;
}

interface PersonalValue {
  kind: string;
  value: string;
}

/** @param language of the text, as ISO 639-1: in which country a telephone number without its country's code is */
export function personalDataIn(text: string, language: string | undefined): PersonalValue[] {
  return [
    ...emailAddressesIn(text),
    ...accountNumbersIn(text),
    ...cardNumbersIn(text),
    ...identityNumbersIn(text),
    ...telephoneNumbersIn(text, language),
  ];
}

function emailAddressesIn(text: string): PersonalValue[] {
  return [...text.matchAll(/[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu)]
    .map(([written]) => written.replace(/^[.'-]+/, ''))
    .filter((address) => validator.isEmail(address) && !isReserved(address) && !isShared(address))
    .map((value) => ({ kind: 'an e-mail address', value }));
}

/** Domains for examples and tests (RFC 2606, RFC 6761), which are nobody's. */
function isReserved(address: string): boolean {
  return /[@.](?:example\.(?:com|net|org)|example|test|invalid|localhost)$/i.test(address);
}

/** Mailboxes by role (RFC 2142) and the like, behind which is no one person. */
function isShared(address: string): boolean {
  const [name = ''] = address.toLowerCase().split('@');
  return !/\p{L}/u.test(name) || sharedMailboxes.has(name.replace(/[-_.]?\d*$/, ''));
}
const sharedMailboxes = new Set(
  `git info marketing sales support abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp
  noreply no-reply donotreply contact contactus hello help helpdesk service services customerservice customercare team office mail email
  enquiries inquiries feedback press media jobs careers hr privacy legal dpo billing accounts admin administrator webteam orders subscribe
  unsubscribe newsletter kontakt hilfe buero presse vertrieb datenschutz contacto ayuda ventas soporte bonjour aide contatto assistenza
  contato ajuda suporte klantenservice`.split(/\s+/),
);

/** IBANs, by length, country and check digits (ISO 13616). */
function accountNumbersIn(text: string): PersonalValue[] {
  return [...text.matchAll(/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b/g)].flatMap(([written]) => {
    // Words may follow it, so the longest beginning that is one is taken.
    for (let end = written.length; end >= 15; end--) {
      const value = written.slice(0, end);
      if (!/\s$/.test(value) && validator.isIBAN(value.replaceAll(' ', '')))
        return [{ kind: 'an account number (IBAN)', value }];
    }
    return [];
  });
}

/** By the issuers' ranges and the check digit (Luhn, ISO/IEC 7812). */
function cardNumbersIn(text: string): PersonalValue[] {
  return [
    ...text.matchAll(
      /(?<![\d.,+-])\d{4}(?:[ -]?\d{4}){2,3}(?:[ -]?\d{1,4})?(?![\d-]|[.,]\d)|(?<![\d.,+-])3\d{3}[ -]?\d{6}[ -]?\d{5}(?!\d)/g,
    ),
  ]
    .map(([value]) => value)
    .filter((value) => validator.isCreditCard(value.replace(/[ -]/g, '')))
    .map((value) => ({ kind: 'a card number', value }));
}

/** Each by its form and, where it has one, its check digit. */
const identityNumbers: readonly { of: string; form: RegExp; isValid: (value: string) => boolean }[] = [
  {
    of: 'a social security number (US)',
    form: /(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g,
    isValid: () => true,
  },
  {
    of: 'a national insurance number (GB)',
    form: /\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b/g,
    isValid: () => true,
  },
  {
    of: 'an identity number (ES)',
    form: /\b(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z]\b/g,
    isValid: (value) => validator.isIdentityCard(value.replaceAll('-', ''), 'ES'),
  },
  {
    of: 'a tax code (IT)',
    form: /\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b/g,
    isValid: (value) => validator.isTaxID(value, 'it-IT'),
  },
  {
    of: 'a social security number (FR)',
    form: /(?<!\d)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\d)/g,
    isValid: isFrenchNumber,
  },
  {
    of: 'a tax number (BR)',
    form: /(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)/g,
    isValid: (value) => validator.isTaxID(value, 'pt-BR'),
  },
  {
    of: 'an identity number (CN)',
    form: /(?<!\d)\d{6}(?:19|20)\d{9}[\dX](?!\d)/g,
    isValid: (value) => validator.isIdentityCard(value, 'zh-CN'),
  },
];

/** The last two digits are 97 less the rest's remainder by 97; Corsica's departments count as 19 and 18. */
function isFrenchNumber(written: string): boolean {
  const digits = written.replaceAll(' ', '').replace('2A', '19').replace('2B', '18');
  return 97n - (BigInt(digits.slice(0, 13)) % 97n) === BigInt(digits.slice(13));
}

function identityNumbersIn(text: string): PersonalValue[] {
  return identityNumbers.flatMap(({ of, form, isValid }) =>
    [...text.matchAll(form)].filter(([value]) => isValid(value)).map(([value]) => ({ kind: of, value })),
  );
}

/** Lines that belong to a service, and numbers that no one has. */
const nobodys = new Set(['TOLL_FREE', 'PREMIUM_RATE', 'SHARED_COST', 'UAN', 'VOICEMAIL']);

function telephoneNumbersIn(text: string, language: string | undefined): PersonalValue[] {
  if (!/\d[\d\s().\-/]{5,}\d/.test(text)) return [];
  const region = language === undefined ? undefined : new Intl.Locale(language).maximize().region;
  return findPhoneNumbersInText(text, region as 'US' | undefined)
    .filter(({ number, startsAt, endsAt }) => {
      const written = text.slice(startsAt, endsAt);
      const isInternational = /^(?:\+|00)/.test(written) || text[startsAt - 1] === '+';
      // Digits in a row may be anything; people part those of a number that is to be called.
      const isParted = isInternational || (/[\s().\-/]/.test(written) && /^[(0]|\d{3}[-. )]/.test(written));
      // 160 000 000: a number with its thousands apart.
      const isGrouped =
        /^\d{1,3}(?:[ \u00a0]\d{3})+$/.test(written) || /\d[ \u00a0]$/.test(text.slice(0, startsAt));
      const isYears = /^(?:19|20)\d\d\s*[-–]\s*(?:19|20)\d\d$/.test(written);
      const isFictional = number.country === 'US' && /555-?01\d\d$/.test(number.nationalNumber);
      return (
        isParted &&
        !isYears &&
        !(isGrouped && !isInternational) &&
        number.isValid() &&
        !isFictional &&
        !nobodys.has(number.getType() ?? '')
      );
    })
    .map(({ startsAt, endsAt }) => ({ kind: 'a telephone number', value: text.slice(startsAt, endsAt) }));
}
