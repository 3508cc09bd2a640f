import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { withoutMarkers } from '../../packages/tandem/src/answer/citations.ts';
import { linesOf } from '../data/json-lines.ts';

/** A question, what is accepted as its answer, and the document that has it. */
export interface Asked {
  id: string;
  question: string;
  expected: string[];
  document: string;
}

/** A project to ask: some documents, and questions that some of them answer. */
export interface Project {
  documents: { uri: string; text: string }[];
  questions: (Asked & { isAnswerable: boolean })[];
}

export type ProjectName = 'handbook' | 'clinic' | 'tatqa';

const shared = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');
const clinic = join(import.meta.dirname, '..', '..', 'examples', 'clinic');

/** @param count of questions whose document is indexed; half as many more have theirs left out */
export function loadProject(name: ProjectName, count: number): Project {
  const ofDocuments = [...new Map(questionsOf[name]().map((each) => [each.document, each])).values()];
  // Evenly from the whole file.
  const step = Math.max(1, Math.floor(ofDocuments.length / (1.5 * count)));
  const some = ofDocuments.filter((_, at) => at % step === 0).slice(0, Math.round(1.5 * count));
  const questions = some.map((each, at) => ({ ...each, isAnswerable: at % 3 !== 2 }));
  const leftOut = new Set(
    questions.filter(({ isAnswerable }) => !isAnswerable).map(({ document }) => document),
  );
  const indexed = new Set(
    questions.map(({ document }) => document).filter((document) => !leftOut.has(document)),
  );
  return { documents: documentsOf(name, indexed), questions };
}

/** Those of a project's documents that are named, with or without their ending. */
export function documentsOf(name: ProjectName, named: ReadonlySet<string>): Project['documents'] {
  const folder = folders[name];
  return filesBelow(folder)
    .map((file) => ({ uri: uriOf(name, folder, file), text: readFileSync(file, 'utf8') }))
    .filter(({ uri }) => named.has(uri) || named.has(uri.replace(/\.md$/, '')));
}

const uriOf = (name: ProjectName, folder: string, file: string) =>
  name === 'handbook' ? `documents/${relative(folder, file)}` : relative(folder, file);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const folders: Record<ProjectName, string> = {
  handbook: join(shared, 'handbook', 'documents'),
  clinic: join(clinic, 'documents'),
  tatqa: join(shared, 'general', 'tatqa', 'documents'),
};

/** All questions of a project that its documents answer. */
export const questionsOf: Record<ProjectName, () => Asked[]> = {
  handbook: () =>
    ['questions.jsonl', 'training.jsonl']
      .flatMap((file) => linesOf(join(shared, 'handbook', file)))
      .filter(({ source }) => source)
      .map(({ id, question, expected, source }) => ({
        id,
        question,
        expected: [expected].flat(),
        document: source.documentId,
      })),
  clinic: () =>
    linesOf(join(clinic, 'questions.jsonl'))
      .filter(({ expected, source }) => expected && source)
      .map(({ id, question, expected, source }) => ({
        id,
        question,
        expected: [withoutMarkers(expected.response)],
        document: source.documentId,
      })),
  tatqa: () =>
    linesOf(join(shared, 'general', 'tatqa', 'questions.jsonl'))
      .filter(({ source, type }) => source === 'text' && type === 'span')
      .map(({ id, question, answer, document }) => ({
        id,
        question,
        expected: answer,
        document: `${document}.md`,
      })),
};
