/** The clinic's training examples as token ids, for measurements of decoder training. */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { buildDataset, ingest } from '../../packages/tandem/src/index.ts';
import { localToolsOf } from '../../packages/tandem/src/models/local.ts';
import { openProject } from '../../packages/tandem/src/project/index.ts';
import { tokenise } from '../../packages/tandem/src/tune/tokenise.ts';
import type { TokenisedExample as Example } from '../../packages/tandem/src/tune/trainer.ts';

export type { Example };

/**
 * The clinic's training and validation examples, tokenised as they are trained on. Built once in the folder `work`.
 * @param chat which model: a reference as in `models.chat`
 */
export async function clinicExamples(
  work: string,
  chat = 'local:smollm2-135m-instruct',
): Promise<{
  baseFolder: string;
  baseFile: string;
  train: Example[];
  validation: Example[];
}> {
  const file = join(work, 'examples.json');
  if (!existsSync(file)) {
    const directory = join(work, 'clinic');
    rmSync(directory, { recursive: true, force: true });
    cpSync(join(import.meta.dirname, '..', '..', 'examples', 'clinic'), directory, {
      recursive: true,
      filter: (path) =>
        !['.tandem', 'report', 'demo.ts', 'full-run.ts', 'steps.ts', 'terminal.ts'].includes(basename(path)),
    });
    console.log('Ingesting the clinic and building its examples, once …');
    await using project = await openProject({ directory, chat });
    await ingest(project, {});
    const built = await buildDataset(project, {});
    const tools = localToolsOf(await project.models.chat())!;
    const tokenised = (examples: typeof built.train): Example[] =>
      tokenise(
        examples,
        tools,
        tools.contextLength,
        examples.map((_, at) => `example ${at}`),
      );
    writeFileSync(
      file,
      JSON.stringify({
        baseFolder: dirname(tools.path),
        baseFile: basename(tools.path),
        train: tokenised(built.train),
        validation: tokenised(built.validation),
      }),
    );
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}
