import type { Command } from 'commander';
import { type ChosenModel, chooseChatModel, machineFacts } from '../models/choose-chat-model.ts';
import { initProject } from '../project/init-project.ts';

export function addInit(program: Command, signal: AbortSignal): void {
  program
    .command('init')
    .description('Make a project here: a tandem.config.ts, and .tandem/ in .gitignore.')
    .option('--docs <dir>', 'the documents to answer from')
    .option('--qa <file>', 'questions with right answers: JSONL of {id, question, expected, group?}')
    .option('--chat <model>', 'the chat model; without it the one that suits this machine')
    .action(async (options: { docs?: string; qa?: string; chat?: string }, command: Command) => {
      const { project, json } = command.optsWithGlobals<{ project?: string; json?: boolean }>();
      const directory = project ?? process.cwd();
      let chosen: ChosenModel | undefined;
      const choose = async () => {
        chosen = await chooseChatModel(machineFacts({ signal }));
        return `local:${chosen.model.name}`;
      };
      const result = await initProject({ directory, ...options, chat: options.chat ?? choose });
      if (json) {
        const { reason, next } = chosen ?? {};
        console.log(
          JSON.stringify({ ...result, ...(reason && { chat: reason }), ...(next && { next: next.reason }) }),
        );
        return;
      }
      console.log(`Made ${result.config}.`);
      if (chosen)
        console.log([`Chat model: ${chosen.reason}`, chosen.next?.reason].filter(Boolean).join('\n'));
      console.log(
        options.docs === undefined
          ? 'Name your documents in it, then run `tandem ingest`.'
          : 'Next: tandem ingest, then tandem ask "…".',
      );
    });
}
