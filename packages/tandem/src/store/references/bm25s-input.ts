/**
 * Passages and queries for `bm25_reference.py`, as terms:
 *
 *     node bm25s-input.ts | ../../../../../node_modules/.cache/vector-servers/bin/python bm25_reference.py > bm25s.json
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { termsOf } from '../../text/terms.ts';

const folder = join(import.meta.dirname, ...['..', '..', '..', '..', '..'], 'examples', 'clinic', 'documents');
const passages = readdirSync(folder)
  .sort()
  .slice(0, 30)
  .flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split(/\n{2,}/)
      .map((paragraph) => paragraph.trim())
      // Several lengths, from a heading to a long paragraph.
      .filter((paragraph) => !paragraph.startsWith('---') && paragraph.length < 1500)
      .slice(0, 5),
  );
const queries = [
  'What are the symptoms of asthma?',
  'treatment',
  'How many people are affected by a rare genetic disorder of the kidney?',
  'gene mutation inherited gene',
  'breathing problems in children and adults',
  'Is there a cure?',
  'blood pressure',
  'symptoms signs and symptoms',
];
console.log(JSON.stringify({ documents: passages.map((text) => termsOf(text)), queries: queries.map((text) => termsOf(text)) }));
