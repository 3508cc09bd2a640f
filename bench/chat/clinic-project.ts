/** The example as a project of its own, with the chat model that is measured. */
import { cpSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesOf } from '../data/json-lines.ts';

const repository = join(import.meta.dirname, '..', '..');

export interface ClinicProject extends Disposable {
  directory: string;
  questions: string[];
}

/** @param model the path of a GGUF file @param count questions, from all of the cases */
export function writeClinicProject(model: string, count: number): ClinicProject {
  const root = mkdtempSync(join(tmpdir(), 'tandem-bench-chat-'));
  const directory = join(root, 'clinic');
  cpSync(join(repository, 'examples', 'clinic'), directory, { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  renameSync(join(directory, 'tandem.config.ts'), join(directory, 'clinic.config.ts'));
  writeFileSync(
    join(directory, 'tandem.config.ts'),
    `import clinic from './clinic.config.ts';\nexport default { ...clinic, models: { ...clinic.models, chat: ${JSON.stringify(`local:${model}`)} } };\n`,
  );
  const cases = linesOf<{ question: string }>(join(directory, 'cases.jsonl'));
  const step = Math.max(1, cases.length / count);
  return {
    directory,
    questions: Array.from(
      { length: Math.min(count, cases.length) },
      (_, at) => cases[Math.floor(at * step)]!.question,
    ),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
