/** Other people's questions about other people's documents, as they lie in `../shared/data/general`: what is asked, and of which documents. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Turn } from '../../packages/tandem/src/retrieve/conversation.ts';
import { linesOf } from '../data/json-lines.ts';
import type { Wanted } from './found.ts';

/** One column of questions about one folder of documents. */
export interface Collection {
  name: string;
  /** Collections of one family are one text, or one maker's: what is fitted leaves out a whole family. */
  family: string;
  /** Folder of the documents; several collections may share one. */
  documents: string;
  /** Of the questions, ISO 639-1: which stemmer the outside BM25 uses. */
  language: string;
  /** The mean gain over the reference is taken over these. */
  counts: boolean;
  /** Printed, and neither fitted on nor gated. */
  printedOnly: boolean;
  load(): Question[];
}

export interface Question extends Wanted {
  id: string;
  question: string;
  /** What was said before, oldest first. */
  turns?: Turn[];
  /** Questions of one group are not independent: intervals resample groups. */
  group: string;
}

/** All collections that are there. */
export function collectionsIn(data: string): Collection[] {
  const languages = ['es', 'hi', 'ru', 'th', 'tr'];
  const all: Collection[] = [
    ...languages.map((language) => ({
      name: `xquad/${language}`,
      family: 'xquad',
      documents: join(data, 'xquad', language, 'documents'),
      language,
      counts: false,
      printedOnly: false,
      load: () => linesOf(join(data, 'xquad', language, 'questions.jsonl')).map(byDocument),
    })),
    {
      name: 'clapnq',
      family: 'clapnq',
      documents: join(data, 'clapnq', 'documents'),
      language: 'en',
      counts: true,
      printedOnly: false,
      load: () =>
        linesOf(join(data, 'clapnq', 'questions.jsonl'))
          .filter(({ answerable }) => answerable)
          .map(byDocument),
    },
    ...['text', 'table', 'table-text'].map((source) => ({
      name: `tatqa/${source}`,
      family: 'tatqa',
      documents: join(data, 'tatqa', 'documents'),
      language: 'en',
      counts: source === 'text',
      printedOnly: false,
      load: () =>
        linesOf(join(data, 'tatqa', 'questions.jsonl'))
          .filter((each) => each.source === source)
          .map(byDocument),
    })),
    ...(['last turn', 'conversation'] as const).map((kind) => ({
      name: `mtrag-un/${kind}`,
      family: 'mtrag-un',
      documents: join(data, 'mtrag-un', 'documents'),
      language: 'en',
      counts: true,
      printedOnly: false,
      load: () =>
        linesOf(join(data, 'mtrag-un', 'tasks.jsonl'))
          .filter(({ documents = [] }) => documents.length > 0)
          .map((task) => ({ ...lastTurnOf(task), ...(kind === 'conversation' && { turns: turnsOf(task) }) })),
    })),
    {
      name: 'financebench',
      family: 'financebench',
      documents: join(data, 'financebench', 'documents'),
      language: 'en',
      counts: false,
      printedOnly: true,
      load: () => linesOf(join(data, 'financebench', 'questions.jsonl')).map(byDocument),
    },
  ];
  return all.filter(({ documents }) => existsSync(documents));
}

// biome-ignore lint/suspicious/noExplicitAny: as the collections publish them
type Line = any;

const byDocument = (line: Line): Question => ({
  ...line,
  group: String(line.evidence?.[0]?.document ?? line.document),
});

const lastTurnOf = (task: Line): Question => ({
  id: task.id,
  question: task.question,
  documents: task.documents,
  // Turns of one conversation are about one thing.
  group: String(task.id).split('<::>')[0]!,
});

/** What was said before a task's question, of MTRAG-UN. */
export const turnsOf = (task: Line): Turn[] =>
  task.turns.map(({ role, text }: { role: string; text: string }) => ({
    role: role === 'user' ? 'user' : 'assistant',
    content: text,
  }));

/** Of a document's name, by hash: it stays the same whatever is added. What is decided is decided on `fit`; `look` is seldom looked at. */
export function halfOf(group: string): 'fit' | 'look' {
  return createHash('sha256').update(group).digest()[0]! % 2 === 0 ? 'fit' : 'look';
}
