/** Small changes after which a text says another thing: of a number, a date, a unit, a word with an opposite, a negation, a name. */
import { escapeRegExp } from '../../packages/tandem/src/core/escape-reg-exp.ts';
import { pick } from './pick.ts';

/** A change, made the same way in a claim and in a sentence, wherever either has what it changes. */
export interface Edit {
  form: EditForm;
  /** The text itself where there is nothing to change. */
  apply(text: string): string;
}

/** What is changed. */
export type EditForm = 'number' | 'date' | 'unit' | 'opposite' | 'negation' | 'name' | 'names exchanged';

/**
 * At most one change of each form that can be made of a text.
 * @param others names of its document, for one of them to stand in a name's place
 */
export function editsOf(text: string, others: readonly string[], random: () => number): Edit[] {
  return [
    numberEdit(text, random),
    dateEdit(text, random),
    wordEdit('unit', units, text, random),
    wordEdit('opposite', opposites, text, random),
    negation(text, random),
    nameEdit(text, others, random),
    namesExchanged(text),
  ].filter((edit): edit is Edit => edit !== undefined && edit.apply(text) !== text);
}

/** One of them by chance: changes of values more often than others, since few sentences have any. */
export function pickEdit(edits: readonly Edit[], random: () => number): Edit | undefined {
  const weighted = edits.flatMap((edit) => {
    const times = /^(?:number|date|unit)$/.test(edit.form) ? 3 : edit.form === 'name' ? 2 : 1;
    return Array.from({ length: times }, () => edit);
  });
  return pick(weighted, random);
}

/** Names inside sentences, whose first word may only be capitalised because it is first; and names of programs' parts. */
export function namesOf(text: string): string[] {
  const capitalised =
    text.match(/(?<=[\p{Ll}\p{N},;)] )\p{Lu}[\p{L}\p{N}'’-]+(?: \p{Lu}[\p{L}\p{N}'’-]+)*/gu) ?? [];
  return [...new Set([...capitalised, ...(text.match(identifier) ?? [])])].filter(
    (name) => !calendar.flat().some((word) => name.includes(word)),
  );
}

const identifier = /(?<![\w.-])(?:[a-z]\w*_\w+|[a-z]+[A-Z]\w+)(?![\w-])/g;
const isIdentifier = (name: string) => /^[a-z]/.test(name);

function numberEdit(text: string, random: () => number): Edit | undefined {
  const [from, isWord] = pick(
    [
      ...[...text.matchAll(/(?<![\p{L}\p{N}_.,:/-])\d+(?:[.,]\d+)*(?![\p{L}\p{N}_:/-]|[.,]\d)/gu)].map(
        ([number]) => [number, false] as const,
      ),
      ...[...text.matchAll(new RegExp(`\\b(?:${numberWords.join('|')})\\b`, 'g'))].map(
        ([word]) => [word, true] as const,
      ),
    ].filter(([number]) => !isYear(number)),
    random,
  ) ?? [undefined, false];
  if (from === undefined) return undefined;
  const to = isWord
    ? pick(
        numberWords.filter((word) => word !== from),
        random,
      )!
    : otherNumber(from, random);
  return replacing('number', from, to);
}

const numberWords = 'two three four five six seven eight nine ten twelve twenty hundred thousand'.split(' ');
const isYear = (text: string) => /^(?:1[5-9]|20)\d\d$/.test(text);

/** Of the same form, with another value: its last part is changed. */
function otherNumber(number: string, random: () => number): string {
  const [, before = '', last = ''] = /^(.*?)(\d+)$/.exec(number) ?? [];
  const value = Number(last);
  const others = [value + 1, value - 1, 2 * value, 10 * value, value + 10, Math.floor(value / 2)].filter(
    (other) => other >= 0 && other !== value,
  );
  return `${before}${String(pick(others, random)).padStart(before === '' ? 1 : last.length, '0')}`;
}

function dateEdit(text: string, random: () => number): Edit | undefined {
  const year = pick(
    [...text.matchAll(/(?<![\p{L}\p{N}_.,:/-])\d{4}(?![\p{L}\p{N}_:/-]|[.,]\d)/gu)]
      .map(([found]) => found)
      .filter(isYear),
    random,
  );
  if (year === undefined) return wordEdit('date', calendar, text, random);
  const distance = 1 + Math.floor(random() * 12);
  return replacing('date', year, String(Number(year) + (random() < 0.5 ? distance : -distance)));
}

/** May is left out: it is a verb more often. */
const calendar = [
  'January February March April June July August September October November December'.split(' '),
  'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' '),
];

const units = [
  'second minute hour day week month year decade century',
  'seconds minutes hours days weeks months years decades centuries',
  'millisecond microsecond nanosecond',
  'milliseconds microseconds nanoseconds',
  'bits bytes kilobytes megabytes gigabytes terabytes',
  'bit byte kilobyte megabyte gigabyte terabyte',
  'KB MB GB TB',
  'metres kilometres centimetres miles feet inches',
  'meters kilometers centimeters yards',
  'grams kilograms pounds tonnes ounces',
  'million billion',
  'dollars euros yen',
  'daily weekly monthly yearly hourly',
  'north south',
  'east west',
].map((list) => list.split(' '));

/** Each the opposite of the other, both ways: what "all" says "some" says too, so they are none. */
const opposites = [
  ['at least', 'at most'],
  ['more than', 'less than'],
  ['greater than', 'smaller than'],
  ['before', 'after'],
  ['above', 'below'],
  ['increase', 'decrease'],
  ['increases', 'decreases'],
  ['increased', 'decreased'],
  ['increasing', 'decreasing'],
  ['maximum', 'minimum'],
  ['highest', 'lowest'],
  ['largest', 'smallest'],
  ['higher', 'lower'],
  ['larger', 'smaller'],
  ['faster', 'slower'],
  ['longer', 'shorter'],
  ['older', 'newer'],
  ['early', 'late'],
  ['earlier', 'later'],
  ['always', 'never'],
  ['often', 'rarely'],
  ['enable', 'disable'],
  ['enables', 'disables'],
  ['enabled', 'disabled'],
  ['allow', 'forbid'],
  ['allows', 'forbids'],
  ['allowed', 'forbidden'],
  ['required', 'optional'],
  ['true', 'false'],
  ['first', 'last'],
  ['left', 'right'],
  ['top', 'bottom'],
  ['input', 'output'],
  ['client', 'server'],
  ['internal', 'external'],
  ['local', 'remote'],
  ['public', 'private'],
  ['horizontal', 'vertical'],
  ['uppercase', 'lowercase'],
  ['positive', 'negative'],
  ['success', 'failure'],
  ['succeeds', 'fails'],
  ['supported', 'unsupported'],
  ['possible', 'impossible'],
  ['same', 'opposite'],
  ['inside', 'outside'],
  ['male', 'female'],
  ['father', 'mother'],
  ['brother', 'sister'],
  ['son', 'daughter'],
  ['won', 'lost'],
  ['accepted', 'rejected'],
  ['rose', 'fell'],
  ['opened', 'closed'],
  ['supports', 'opposes'],
  ['born', 'buried'],
];

/** A word of one of the groups becomes another of its group. */
function wordEdit(
  form: EditForm,
  groups: readonly (readonly string[])[],
  text: string,
  random: () => number,
): Edit | undefined {
  const found = groups.flatMap((group) =>
    group.flatMap((word) => (bounded(word).test(text) ? [{ word, group }] : [])),
  );
  const chosen = pick(found, random);
  if (!chosen) return undefined;
  const to = pick(
    chosen.group.filter((word) => word !== chosen.word),
    random,
  );
  return to === undefined ? undefined : replacing(form, chosen.word, to);
}

const auxiliaries = 'is are was were can could must should will would has been|have been';

/** Puts a "not" behind a verb together with the word before it, or takes one away. */
function negation(text: string, random: () => number): Edit | undefined {
  const verbs = auxiliaries.split(/ (?!been)/).join('|');
  const found = [...text.matchAll(new RegExp(`[\\p{L}\\p{N})\`]+ (?:${verbs})(?! been)( not)?\\b`, 'gu'))];
  const plain = [
    ...text.matchAll(
      /(?<before>[\p{L}\p{N})`]+) (?<verb>return|use|contain|allow|provide|require|support|create|include|need|want|play|work|live|own|lead|follow|accept|remove|start|send|write|read|give|take|make|show|change|cause|affect|depend|appear|remain|begin|belong)s\b/gu,
    ),
  ].map((match) => {
    const { before, verb } = match.groups!;
    return { from: match[0], to: `${before} does not ${verb}` };
  });
  const chosen = pick(
    [
      ...found.map(([whole, not]) => ({
        from: whole,
        to: not ? whole.slice(0, -not.length) : negated(whole),
      })),
      ...plain,
      ...[...text.matchAll(/[\p{L}\p{N}]+ (?:cannot|does not|do not|did not)\b/gu)].map(([whole]) => ({
        from: whole,
        to: whole.replace(/cannot$/, 'can').replace(/ not$/, ''),
      })),
    ],
    random,
  );
  return chosen && replacing('negation', chosen.from, chosen.to);
}

const negated = (verb: string) =>
  / can$/.test(verb) ? verb.replace(/can$/, 'cannot') : verb.replace(/( been)?$/, ' not$1');

function nameEdit(text: string, others: readonly string[], random: () => number): Edit | undefined {
  const own = pick(namesOf(text), random);
  if (own === undefined) return undefined;
  const lower = text.toLowerCase();
  const other = pick(
    others.filter((name) => isIdentifier(name) === isIdentifier(own) && !lower.includes(name.toLowerCase())),
    random,
  );
  return other === undefined ? undefined : replacing('name', own, other);
}

/** Who does what to whom, the other way round; not of two names in a list, which may stand in any order. */
function namesExchanged(text: string): Edit | undefined {
  const [a, b] = namesOf(text);
  if (a === undefined || b === undefined || a.includes(b) || b.includes(a)) return undefined;
  const between = text.slice(text.indexOf(a) + a.length, text.indexOf(b));
  if (between.trim().split(/\s+/).length < 3 || /\band\b|\bor\b|,/.test(between)) return undefined;
  const either = new RegExp(`${bounded(a).source}|${bounded(b).source}`, 'gu');
  return {
    form: 'names exchanged',
    apply: (given) =>
      bounded(a).test(given) && bounded(b).test(given)
        ? given.replace(either, (name) => (name === a ? b : a))
        : given,
  };
}

function replacing(form: EditForm, from: string, to: string): Edit {
  const pattern = new RegExp(bounded(from).source, 'gu');
  return { form, apply: (text) => text.replace(pattern, () => to) };
}

/** As a whole word or number. */
function bounded(text: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_-]|\\d[.,])${escapeRegExp(text)}(?![\\p{L}\\p{N}_-]|[.,]\\d)`, 'u');
}
