import type { Command } from 'commander';
import { enforceProjectNetwork } from '../project/enforce-network.ts';
import { openProject, type Project } from '../project/open-project.ts';
import { forTerminal } from './for-terminal.ts';
import { type ProgressBar, progressBar } from './progress-bar.ts';

export interface CommandContext {
  project: Project;
  json: boolean;
  onProgress: ProgressBar;
  /** Prints `value` as JSON with --json, else what `text` makes of it. */
  print<T>(value: T, text: (value: T) => string): void;
}

/** Opens the project that the command's flags name, runs `work`, and closes everything again whatever happens. */
export async function withProject(
  command: Command,
  signal: AbortSignal,
  work: (context: CommandContext) => Promise<void>,
  options: {
    /** Addresses that `work` reads from beside the config's providers, for the network policy. */
    addresses?: (project: Project) => Promise<string[]>;
  } = {},
): Promise<void> {
  const flags = command.optsWithGlobals<{ project?: string; json?: boolean }>();
  const json = flags.json === true;
  const onProgress = progressBar(`tandem ${nameOf(command)}`);
  using _bar = { [Symbol.dispose]: () => onProgress.end() };
  await using project = await openProject({
    ...(flags.project !== undefined && { directory: flags.project }),
    onProgress,
    signal,
  });
  const addresses = (await options.addresses?.(project)) ?? [];
  using _network = enforceProjectNetwork(project, addresses);
  await work({
    project,
    json,
    onProgress,
    print: (value, text) => {
      onProgress.end();
      console.log(json ? JSON.stringify(value, null, 2) : forTerminal(text(value)));
    },
  });
}

/** "eval retrieval": a subcommand with the name of its command. */
function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${nameOf(parent)} ${command.name()}` : command.name();
}
