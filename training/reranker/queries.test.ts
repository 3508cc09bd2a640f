import { expect, test } from 'vitest';
import { isPlainSentence } from '../corpus/plain-sentences.ts';
import { queryOfHeading } from './queries-of-headings.ts';
import { keywordsOf, questionOf } from './queries-of-sentences.ts';

const words = new Set(['create', 'run', 'build', 'drop']);
const isWord = (word: string) => words.has(word);
/** All that can come of a heading. */
const all = (heading: string, context?: string) =>
  new Set(
    Array.from({ length: 400 }, (_, at) => {
      let turn = at;
      // A sequence that goes through the forms.
      const random = () => ((turn = (turn * 73 + 41) % 400) % 20) / 20;
      return queryOfHeading({ heading, context }, random, isWord);
    }),
  );

test('a heading becomes what people ask, with what it is about where it does not say so', () => {
  expect(all('Creating a table')).toContain('How do I create a table?');
  expect(all('Running')).not.toContain('How do I run?');
  expect(all('Dropping privileges', 'Servers')).toContain('how to drop privileges in Servers');
  expect(
    [...all('Table spaces', 'Table spaces of a cluster')].some((query) => query.includes('cluster')),
  ).toBe(false);
  expect(all('Why is it slow?')).toEqual(new Set(['Why is it slow?', 'why is it slow']));
});

// A capital stays: it may be a name's, and the model reads none.
test('a sentence becomes a question that it answers', () => {
  const ask = (sentence: string) => questionOf(sentence, () => 0);
  expect(ask('To enable compression of backups, set the level to 6.')).toBe(
    'How do I enable compression of backups?',
  );
  expect(ask('If the file is missing, the server starts with defaults.')).toBe(
    'What happens if the file is missing?',
  );
  expect(ask('A replica is a copy of a server.')).toBe('What is a replica?');
  expect(ask('Clients must send a token with each request.')).toBe(
    'Must Clients send a token with each request?',
  );
  expect(ask('The name of a volume has at most 64 characters in all.')).toMatch(/^How many characters /);
  expect(ask('This is a copy of it.')).toBeUndefined();
  expect(ask('Unfortunately it is the case.')).toBeUndefined();
});

test('keywords are the words that say something; lines of a program are no sentence', () => {
  expect(keywordsOf('The server writes its log to the folder of the cluster on each start.', () => 0)).toBe(
    'server writes log',
  );
  expect(keywordsOf('It is here.', () => 0)).toBeUndefined();
  expect(isPlainSentence('The server writes its log to a folder.')).toBe(true);
  expect(isPlainSentence('- item of a list')).toBe(false);
  expect(isPlainSentence('FROM t WHERE (a = 1) AND b != 2;')).toBe(false);
});
