import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { linesOf } from '../data/json-lines.ts';

/** A project to ask: some documents, and questions that some of them answer. */
export interface Project {
  documents: { uri: string; text: string }[];
  questions: { question: string; expected: string[]; document: string; isAnswerable: boolean }[];
}

export type ProjectName = 'handbook' | 'clinic' | 'tatqa';

type Asked = Omit<Project['questions'][number], 'isAnswerable'>;

const shared = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');
const clinic = join(import.meta.dirname, '..', '..', 'examples', 'clinic');

/** @param count of questions whose document is indexed; half as many more have theirs left out */
export function loadProject(name: ProjectName, count: number): Project {
  const { folder, asked } = loaders[name]();
  // Evenly from the whole file; of a document only one question.
  const ofDocuments = [...new Map(asked.map((each) => [each.document, each])).values()];
  const step = Math.max(1, Math.floor(ofDocuments.length / (1.5 * count)));
  const some = ofDocuments.filter((_, at) => at % step === 0).slice(0, Math.round(1.5 * count));
  const questions = some.map((each, at) => ({ ...each, isAnswerable: at % 3 !== 2 }));
  const leftOut = new Set(
    questions.filter(({ isAnswerable }) => !isAnswerable).map(({ document }) => document),
  );
  const indexed = new Set(
    questions.map(({ document }) => document).filter((document) => !leftOut.has(document)),
  );
  const documents = filesBelow(folder)
    .map((file) => ({ uri: uriOf(name, folder, file), text: readFileSync(file, 'utf8') }))
    .filter(({ uri }) => indexed.has(uri) || indexed.has(uri.replace(/\.md$/, '')));
  return { documents, questions };
}

const uriOf = (name: ProjectName, folder: string, file: string) =>
  name === 'handbook' ? `documents/${relative(folder, file)}` : relative(folder, file);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const loaders: Record<ProjectName, () => { folder: string; asked: Asked[] }> = {
  handbook: () => ({
    folder: join(shared, 'handbook', 'documents'),
    asked: ['questions.jsonl', 'training.jsonl']
      .flatMap((file) => linesOf(join(shared, 'handbook', file)))
      .filter(({ source }) => source)
      .map(({ question, expected, source }) => ({
        question,
        expected: [expected],
        document: source.documentId,
      })),
  }),
  clinic: () => ({
    folder: join(clinic, 'documents'),
    asked: linesOf(join(clinic, 'questions.jsonl'))
      .filter(({ expected, source }) => expected && source)
      .map(({ question, expected, source }) => ({
        question,
        expected: [expected.response],
        document: source.documentId,
      })),
  }),
  tatqa: () => ({
    folder: join(shared, 'general', 'tatqa', 'documents'),
    asked: linesOf(join(shared, 'general', 'tatqa', 'questions.jsonl'))
      .filter(({ source, type }) => source === 'text' && type === 'span')
      .map(({ question, answer, document }) => ({ question, expected: answer, document: `${document}.md` })),
  }),
};
