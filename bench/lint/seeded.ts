import type { SettingsInput } from '../../packages/tandem/src/core/settings.ts';
import type { Random } from '../../packages/tandem/src/statistics/random.ts';
import type { RealEntry } from './real.ts';

/** An entry of a seeded file. */
export interface SeededEntry {
  /** A line of JSON, or the line as it stands in the file. */
  line: object | string;
  /** A look-alike resembles a defect and is none; what is untouched is a real entry as it is. */
  is: 'defect' | 'look-alike' | 'untouched';
  /** Which kind of defect, for reading what was missed. */
  kind: string;
}

/** A file with defects that are known, and what stands beside it. */
export interface SeededFile {
  entries: SeededEntry[];
  /** Held-out cases beside it; a finding in them is not counted. */
  cases?: object[];
  documents?: { uri: string; text: string; access?: string }[];
  settings?: SettingsInput;
  /** The whole file is one defect or none: its findings count as one. */
  isOne?: { is: SeededEntry['is']; kind: string };
}

/** What a seeder draws from. */
export interface Seeding {
  random: Random;
  /** Draws real entries, none twice. */
  draw(count: number, where?: (entry: RealEntry) => boolean): RealEntry[];
}

/** Makes files with defects of the kind that one check is to find. */
export type Seeder = (seeding: Seeding) => SeededFile[];

/** As a chat example. */
export function chat(question: string, answer: string, more: object = {}): object {
  return {
    messages: [
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ],
    ...more,
  };
}

export const untouched = (entries: readonly RealEntry[]): SeededEntry[] =>
  entries.map(({ question, answer, id }) => ({
    line: chat(question, answer, { metadata: { id } }),
    is: 'untouched',
    kind: 'real',
  }));

/** So many times the items of a list, in turn. */
export const inTurn = <Item>(items: readonly Item[], count: number): Item[] =>
  Array.from({ length: count }, (_, at) => items[at % items.length]!);
