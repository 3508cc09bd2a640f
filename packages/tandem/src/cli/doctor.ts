import type { Command } from 'commander';
import { cacheDirectory } from '../models/fetch/cache.ts';
import { doctor } from '../project/doctor.ts';
import { progressBar } from './progress-bar.ts';

export function addDoctor(program: Command, signal: AbortSignal): void {
  program
    .command('doctor')
    .description('What is installed, reachable and healthy; what to do about what is not.')
    .action(async (_options: object, command: Command) => {
      const { project, json } = command.optsWithGlobals<{ project?: string; json?: boolean }>();
      const onProgress = progressBar('tandem doctor');
      const checks = await doctor({
        ...(project !== undefined && { directory: project }),
        cacheDirectory: cacheDirectory(),
        onProgress,
        signal,
      }).finally(() => onProgress.end());
      const mark = { ok: '✓', warning: '!', error: '✗' };
      console.log(
        json
          ? JSON.stringify(checks, null, 2)
          : checks
              .map(
                ({ name, state, message, hint }) =>
                  `${mark[state]} ${name.padEnd(9)} ${message}${hint ? `\n            ${hint}` : ''}`,
              )
              .join('\n'),
      );
      if (checks.some(({ state }) => state === 'error')) process.exitCode = 1;
    });
}
