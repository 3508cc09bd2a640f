import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { search } from './search.ts';

/** Words alone are searched here: what is embedded does not matter. */
const embedder: EmbeddingModelV4 = {
  specificationVersion: 'v4',
  provider: 'letters',
  modelId: 'length',
  maxEmbeddingsPerCall: 100,
  supportsParallelCalls: true,
  doEmbed: async ({ values }) => ({
    embeddings: values.map((text) => [text.length % 7, text.length % 5, 1]),
    warnings: [],
  }),
};

/** Sections of about one length, and what each says. */
const sections: Record<string, Record<string, string>> = {
  'Changes of the pump': {
    'Release 4.7': 'The valve closes slowly.',
    'Release 4.70': 'The lamp is green.',
    'Release 4.7.1': 'A leak was mended.',
    'Release 4.7.2': 'The seal is thicker.',
    'Release 4.17': 'The counter has six digits.',
    'Release 14.7': 'Steel replaced brass.',
    'Release 1.4.7': 'The handle is longer.',
    'Release 7.4': 'The manual is shorter.',
    'Release 4.8': 'The hose is red.',
  },
  'House rules': {
    '§ 6.8 Bicycles': 'They stand in the yard.',
    '§ 6.8.7 Parcels': 'The porter keeps them.',
    '§ 8.6.7 Laundry': 'It dries in the attic.',
    '§ 6.7.8 Quiet hours': 'They begin at ten.',
    '§ 7.6.8 Guests': 'They sign the book.',
    '§ 6.8.70 Roof': 'Nobody climbs it.',
  },
  'Minutes of the club': {
    '2024-11-05': 'The boat was sold.',
    '2024-05-11': 'Rent was raised.',
    '2023-11-05': 'A treasurer was elected.',
    '2024-11-15': 'The pier needs paint.',
    '2024-12-05': 'Nets were ordered.',
  },
  'Machines in the network': {
    '10.0.4.7': 'It prints.',
    '10.0.4.17': 'It stores copies.',
    '10.4.0.7': 'It opens the gate.',
    '10.0.47.7': 'It shows the time.',
  },
  'Spare parts': {
    'QX-31': 'It fits the left wheel.',
    'QX-13': 'It fits the right wheel.',
    'QZ-31': 'It fits the brake.',
    'QX-310': 'It fits the saddle.',
    'QX-3': 'It fits the bell.',
  },
};

const said = Object.assign({}, ...Object.values(sections)) as Record<string, string>;

async function searchable() {
  const tandem = await createTandem({
    embedder,
    sources: [
      fromDocuments(
        Object.entries(sections).map(([title, parts], at) => ({
          uri: `${at}.md`,
          text: [
            `# ${title}`,
            ...Object.entries(parts).map(([heading, text]) => `## ${heading}\n\n${text}`),
          ].join('\n\n'),
        })),
      ),
    ],
  });
  await ingest(tandem);
  return tandem;
}

test('words alone find exactly the version, clause, date, address or code that is asked for', async () => {
  await using tandem = await searchable();
  const first = async (question: string) =>
    (await search(tandem, question, { mode: 'lexical', k: 3 })).passages[0]?.text ?? '';
  const questions = Object.keys(said).flatMap((heading) => [
    [`What does ${heading} say?`, heading],
    [heading.replace(/\p{L}{4,}|\s/gu, ' '), heading],
  ]);
  for (const [question, heading] of [
    ...questions,
    ['what is new in v4.7?', 'Release 4.7'],
    ['4.7.1 release', 'Release 4.7.1'],
    ['clause 6.8', '§ 6.8 Bicycles'],
    ['according to 6.8.7', '§ 6.8.7 Parcels'],
    ['What happened on 5 November 2024?', '2024-11-05'],
    ['What was decided on November 5, 2023?', '2023-11-05'],
    ['Was wurde am 11. Mai 2024 beschlossen?', '2024-05-11'],
    ['15.11.2024', '2024-11-15'],
    ['what is at 10.0.4.17', '10.0.4.17'],
    ['which wheel does qx31 fit', 'QX-31'],
    ['QX 13', 'QX-13'],
  ] as [string, string][])
    expect(await first(question), question).toContain(said[heading]);
});

test('a version that there is none of is found where its family is', async () => {
  await using tandem = await searchable();
  const { passages } = await search(tandem, 'release 1.4', { mode: 'lexical', k: 1 });
  expect(passages[0]!.text).toContain('The handle is longer.');
});
