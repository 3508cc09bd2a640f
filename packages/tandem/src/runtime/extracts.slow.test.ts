import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import { filesSource } from '../sources/files.ts';
import { createTandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';

const fixtures = join(import.meta.dirname, '..', 'parse', 'fixtures', 'strangers');

test.for([
  [
    'mooring.pdf',
    'What happens when the wind exceeds 28 knots?',
    /^When the wind at the pier head exceeds 28 knots, .*berth seven .*inner basin\.$/,
  ],
  [
    'kiln.docx',
    'From when is the handbook of the lime kiln valid?',
    /^Revision 7, valid from 1 October 2025$/,
  ],
  ['basket.html', 'How many kilograms does the basket carry?', /carries five kilograms/],
] as const)('the sentence of %s that says it is quoted first', async ([name, question, sentence]) => {
  await using tandem = await createTandem({
    sources: [filesSource({ path: join(fixtures, name), baseDirectory: fixtures })],
  });
  await ingest(tandem);
  const { citations, abstained } = await ask(tandem, question, { extract: true });
  expect(abstained).toBe(false);
  expect(citations[0]!.sentence).toMatch(sentence);
});
