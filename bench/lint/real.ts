import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { createRandom, shuffled } from '../../packages/tandem/src/statistics/random.ts';
import { linesOf } from '../data/json-lines.ts';

/** A question with its answer, as somebody else wrote it. */
export interface RealEntry {
  id: string;
  set: string;
  language: string;
  question: string;
  answer: string;
}

const shared = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

/** Parts of question sets of other people, shuffled by the seed: bank customers, medicine, product documentation, finance, Wikipedia in six languages. */
export function realEntries(seed: number, { more = 1 }: { more?: number } = {}): RealEntry[] {
  /** Every so many-th of a large set; another seed has others. */
  const slice = (every: number) => {
    const step = Math.max(1, Math.floor(every / more));
    return (_: unknown, at: number) => at % step === seed % step;
  };
  const of = (set: string, language: string, entries: { question: string; answer: string }[]) =>
    entries.map(({ question, answer }, at) => ({ id: `${set}-${at}`, set, language, question, answer }));
  const banking = parse(readFileSync(join(shared, 'banking77', 'train.csv'), 'utf8'), { columns: true }) as {
    text: string;
    category: string;
  }[];
  const sets = [
    of(
      'banking77',
      'en',
      banking.map(({ text, category }) => ({ question: text.trim(), answer: category })),
    ).filter((_, at) => at % 8 === 0),
    of(
      'medquad',
      'en',
      linesOf(join(shared, 'medquad', 'questions.train.jsonl'))
        .filter(slice(7))
        .map(({ question, answer }) => ({ question, answer: opening(answer) })),
    ),
    of(
      'handbook',
      'en',
      ['training.jsonl', 'questions.jsonl']
        .flatMap((file) => linesOf(join(shared, 'handbook', file)))
        .map(({ question, expected }) => ({ question, answer: expected })),
    ),
    of(
      'clapnq',
      'en',
      linesOf(join(shared, 'general', 'clapnq', 'questions.jsonl'))
        .filter(({ answer }) => answer)
        .map(({ question, answer }) => ({ question, answer })),
    ),
    of(
      'tatqa',
      'en',
      linesOf(join(shared, 'general', 'tatqa', 'questions.jsonl'))
        .filter(slice(3))
        .map(({ question, answer }) => ({ question, answer: [answer].flat().join(', ') })),
    ),
    ...['es', 'ru', 'tr', 'hi', 'th'].map((language) =>
      of(
        `xquad/${language}`,
        language,
        linesOf(join(shared, 'general', 'xquad', language, 'questions.jsonl'))
          .filter(slice(6))
          .map(({ question, passage }) => ({ question, answer: opening(passage) })),
      ),
    ),
  ];
  return shuffled(sets.flat(), createRandom(seed)).filter(({ question, answer }) => question && answer);
}

/** As much as an answer says: whole sentences of the first 300 characters. */
function opening(text: string): string {
  const begun = text.replace(/^\uFEFF/, '').slice(0, 300);
  const end = Math.max(begun.lastIndexOf('. '), begun.lastIndexOf('।'), begun.lastIndexOf('\n'));
  return (end > 40 ? begun.slice(0, end + 1) : begun).trim();
}
