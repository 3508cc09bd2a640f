import type { Command } from 'commander';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { deployArm, describeDecision } from '../evaluate/deploy.ts';
import { parseArm } from './ask.ts';
import { withProject } from './command-context.ts';
import { userName } from './user-name.ts';

export function addUse(program: Command, signal: AbortSignal): void {
  program
    .command('use')
    .argument('[arm]', 'base, rag, tuned, hybrid or head')
    .description('Make an arm the default of `ask` (and later of `serve`).')
    .option('--adapter <id>', 'the adapter (default: the latest)')
    .option('--undo', 'go back to what was used before')
    .option('--force', 'also where no comparison shows it better than what is used now; recorded')
    .option('--reason <text>', 'why; recorded')
    .action(
      async (
        name: string | undefined,
        options: { adapter?: string; undo?: boolean; force?: boolean; reason?: string },
        command: Command,
      ) => {
        const arm = parseArm(name);
        if (arm === undefined && !options.undo) {
          throw new InvalidInputError({
            domain: 'cli',
            where: 'use',
            message: 'No arm is given.',
            hint: 'Say which: tandem use hybrid; or go back with tandem use --undo.',
          });
        }
        await withProject(command, signal, async ({ project, print }) => {
          if (options.undo) {
            await using _lock = await project.catalog.lockForWriting('going back to an earlier arm');
            const { undone, current } = await project.catalog.deployments.undo();
            print(
              { undone, current: current ?? null },
              () =>
                `Went back from ${undone.arm} to ${current?.arm ?? `${project.settings.answer.arm} (the config's)`}.`,
            );
            return;
          }
          const deployment = await deployArm(project, {
            arm: arm!,
            ...(options.adapter !== undefined && { adapterId: options.adapter }),
            ...(options.force && { force: true }),
            ...(options.reason !== undefined && { why: options.reason }),
            ...userName(),
          });
          print(
            deployment,
            (value) =>
              `\`ask\` now answers with ${value.arm}${value.adapterId ? ` (${value.adapterId})` : ''}${value.forced ? ` (forced ${describeDecision(value)})` : ''}: ${value.reason}`,
          );
        });
      },
    );
}
