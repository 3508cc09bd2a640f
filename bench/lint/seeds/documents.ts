import { chat, type SeededEntry, type Seeder, untouched } from '../seeded.ts';

/** Examples of restricted documents, by what they say of themselves and by what they quote; and of public ones, and of what stands in both. */
export const seedRestricted: Seeder = ({ draw }) => {
  const long = ({ answer, language }: { answer: string; language: string }) =>
    language !== 'th' && answer.split(/\s+/).length >= 14;
  const documents = draw(60, long).map((entry, at) => ({
    ...entry,
    uri: `document-${at}.md`,
    access: at % 2 === 0 ? 'staff' : 'public',
  }));
  const boilerplate =
    'This page is maintained by the editors of the portal and is reviewed once in every quarter.';
  const given = documents.map(({ uri, access, question, answer }) => ({
    uri,
    access,
    text: `# ${question}\n\n${answer}\n\n${boilerplate}\n`,
  }));
  const words = (text: string) => text.split(/\s+/);
  const named = documents.map(
    ({ uri, access, question }, at): SeededEntry => ({
      line: chat(
        question,
        'It is described there.',
        at % 4 < 2
          ? { metadata: { documentId: uri } }
          : {
              metadata: {
                provenance: { spans: [{ documentId: uri, start: 0, end: 9 }], foundBy: 'similar' },
              },
            },
      ),
      is: access === 'staff' ? 'defect' : 'look-alike',
      kind: 'named',
    }),
  );
  const quoted = documents.map(
    ({ access, question, answer }, at): SeededEntry => ({
      line:
        at % 3 === 0
          ? chat(`Sources:\n\n[1] ${answer}\n\nQuestion: ${question}`, 'Yes. [1]')
          : chat(question, `As far as we know: ${words(answer).slice(0, 13).join(' ')} …`),
      is: access === 'staff' ? 'defect' : 'look-alike',
      kind: 'quoted',
    }),
  );
  const both = draw(30).map(
    ({ question }): SeededEntry => ({
      line: chat(question, boilerplate),
      is: 'look-alike',
      kind: 'what both have',
    }),
  );
  return [{ documents: given, entries: [...untouched(draw(200)), ...named, ...quoted, ...both] }];
};
