import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAdvise } from './advise.ts';
import { addAsk } from './ask.ts';
import { addCalibrate } from './calibrate.ts';
import { addCompare } from './compare.ts';
import { addDataset } from './dataset.ts';
import { addDoctor } from './doctor.ts';
import { addEval } from './eval.ts';
import { addExport } from './export.ts';
import { addFeedback } from './feedback.ts';
import { addForget } from './forget.ts';
import { addIngest } from './ingest.ts';
import { addInit } from './init.ts';
import { addKeys } from './keys.ts';
import { addModels } from './models.ts';
import { addRuns } from './runs.ts';
import { addSearch } from './search.ts';
import { addServe } from './serve.ts';
import { addTrace } from './trace.ts';
import { addTune } from './tune.ts';
import { addUse } from './use.ts';
import { addVerify } from './verify.ts';

/** All verbs, in the order of a first session. `signal` aborts on Ctrl-C. */
export function createProgram(signal: AbortSignal): Command {
  const program = new Command('tandem')
    .description(
      'Adapt a language model to your own documents by retrieval, by fine-tuning, or by both, and measure which is worth having.',
    )
    .version(version(), '--version', 'print the version')
    .option('--project <dir>', 'the project folder (default: the nearest with a tandem.config.ts)')
    .option('--json', 'print the result as JSON')
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true });
  for (const add of [
    addAdvise,
    addCalibrate,
    addInit,
    addIngest,
    addSearch,
    addAsk,
    addDataset,
    addTune,
    addCompare,
    addRuns,
    addEval,
    addUse,
    addExport,
    addVerify,
    addModels,
    addTrace,
    addFeedback,
    addForget,
    addServe,
    addKeys,
    addDoctor,
  ]) {
    add(program, signal);
  }
  // --project and --json may come before or after the verb.
  for (const command of withSubcommands(program)) {
    if (command === program) continue;
    // Of serve there may be several.
    if (!command.options.some(({ long }) => long === '--project'))
      command.option('--project <dir>', 'the project folder');
    command.option('--json', 'print the result as JSON');
  }
  return program;
}

/** Of the package, two folders up from this file, in the repository as where it is installed. */
function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
