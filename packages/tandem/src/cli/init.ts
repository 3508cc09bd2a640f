import type { Command } from 'commander';
import { initProject } from '../project/init-project.ts';

export function addInit(program: Command, _signal: AbortSignal): void {
  program
    .command('init')
    .description('Make a project here: a tandem.config.ts, and .tandem/ in .gitignore.')
    .option('--docs <dir>', 'the documents to answer from')
    .option('--qa <file>', 'questions with right answers: JSONL of {id, question, expected, group?}')
    .action(async (options: { docs?: string; qa?: string }, command: Command) => {
      const { project, json } = command.optsWithGlobals<{ project?: string; json?: boolean }>();
      const result = await initProject({ directory: project ?? process.cwd(), ...options });
      const next =
        options.docs === undefined
          ? 'Name your documents in it, then run `tandem ingest`.'
          : 'Next: tandem ingest, then tandem ask "…".';
      console.log(json ? JSON.stringify(result) : `Made ${result.config}.\n${next}`);
    });
}
