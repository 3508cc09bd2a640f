import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A project of twelve two-section documents with an embedder of some thousand weights, whose words are letters. */
export interface LetterProject {
  directory: string;
  [Symbol.asyncDispose](): Promise<void>;
}

const references = join(import.meta.dirname, '../../../nn/references/bert');
const letter = (at: number) => String.fromCharCode(97 + (at % 20));

/** Questions (nine for training, three for validation) are in `questions.jsonl`, held-out cases in `cases.jsonl`. */
export async function makeLetterProject(config: Record<string, unknown> = {}): Promise<LetterProject> {
  const directory = await mkdtemp(join(tmpdir(), 'tandem-letters-'));
  await cp(join(references, 'embedder'), join(directory, 'model'), { recursive: true });
  await cp(join(references, 'cross-encoder'), join(directory, 'reranker'), { recursive: true });
  await mkdir(join(directory, 'documents'));
  const lines = Array.from({ length: 12 }, (_, at) => {
    const [a, b, c] = [letter(at), letter(at + 3), letter(at + 7)];
    return {
      id: `q${at}`,
      group: `g${at}`,
      split: at < 9 ? 'train' : 'validation',
      question: `${a} ${b} ${c}`,
      source: { documentId: `d${at}`, section: 'i' },
      text: `---\nid: d${at}\n---\n\n# ${a} ${b}\n\n## i\n\n${a} ${c} ${c} ${b}.\n\n## j\n\n${b} ${b} ${a} ${letter(at + 11)}.\n`,
    };
  });
  for (const { source, text } of lines)
    await writeFile(join(directory, 'documents', `${source.documentId}.md`), text);
  const jsonl = (file: string, items: object[]) =>
    writeFile(join(directory, file), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  await jsonl(
    'questions.jsonl',
    lines.map(({ text: _text, question, ...line }) => ({ ...line, question, wordings: [{ question }] })),
  );
  await jsonl('cases.jsonl', [
    ...lines.map(({ text: _text, split: _split, ...line }) => ({ ...line, expected: 'x' })),
    { id: 'nowhere', question: 'a', expected: 'x', source: { documentId: 'd99', section: 'i' } },
    { id: 'unsaid', question: 'b', expected: 'x' },
  ]);
  const whole = {
    name: 'letters',
    sources: [{ type: 'files', path: 'documents', include: ['**/*.md'] }],
    models: { embedder: 'local:./model' },
    chunk: { maxTokens: 16, overlapTokens: 0 },
    dataset: { questions: 'questions.jsonl', cases: 'cases.jsonl' },
    ...config,
  };
  await writeFile(join(directory, 'tandem.config.ts'), `export default ${JSON.stringify(whole)};\n`);
  return {
    directory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
