import { fork } from 'node:child_process';
import path from 'node:path';
import type { FromTraining, RunningTraining, StartTraining, TrainingEnd } from './training-messages.ts';

/** Of what the process writes, the end is kept for the log. */
const keptCharacters = 4000;

/** Who has said how it ended has this long to go. */
const leaveWithinMs = 30_000;

/** Starts a training in a process of its own, which waits behind all others and is the first to be ended where memory runs out. */
export const startTraining: StartTraining = (spec, onReport): RunningTraining => {
  // JavaScript where Tandem is installed, TypeScript in its repository. The build looks for what is named in this way.
  const program = new URL(`./training-process${path.extname(import.meta.filename)}`, import.meta.url);
  const child = fork(program, [], { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const { promise: ended, resolve } = Promise.withResolvers<TrainingEnd>();
  let end: TrainingEnd | undefined;
  let written = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      written = (written + text).slice(-keptCharacters);
    });
  child.on('message', (message: FromTraining) => {
    switch (message.type) {
      case 'succeeded':
      case 'failed':
      case 'stopped':
        end = message;
        setTimeout(() => child.kill('SIGKILL'), leaveWithinMs).unref();
        break;
      default:
        onReport(message);
    }
  });
  child.on('error', (error) => resolve({ type: 'died', how: error.message }));
  child.on('exit', (code, signal) =>
    resolve(
      end ?? {
        type: 'died',
        how: `${signal === null ? `with the exit code ${code}` : `by ${signal}`}${written && `:\n${written}`}`,
      },
    ),
  );
  child.send({ type: 'train', spec });
  return {
    stop: () => child.connected && child.send({ type: 'stop' }, () => {}),
    kill: () => child.kill('SIGKILL'),
    ended,
  };
};
