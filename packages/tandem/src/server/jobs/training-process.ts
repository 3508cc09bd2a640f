/** The program that a fine-tuning job trains in. It is told what to do, and tells how it goes, over the channel to the server that started it. */
import { lowerPriority } from './lower-priority.ts';
import type { FromTraining, ToTraining } from './training-messages.ts';

// Before anything starts threads.
lowerPriority();

const stop = new AbortController();
const stopped = () => stop.abort(new Error('The training was asked to stop.'));
// Whoever started it has gone: the next one continues from the checkpoint.
process.on('disconnect', stopped);
// Ctrl-C reaches the whole group; the server says by itself what is to be done.
process.on('SIGINT', stopped);
process.on('SIGTERM', stopped);
process.on('message', async (message: ToTraining) => {
  if (message.type === 'stop') return stopped();
  const { trainJob } = await import('./train-job.ts');
  const end = await trainJob(message.spec, { report: send, signal: stop.signal });
  await new Promise<void>((sent) => {
    if (process.connected) process.send!(end, () => sent());
    else sent();
  });
  process.exit(0);
});

function send(message: FromTraining): void {
  // The server may have gone just now; then `disconnect` follows.
  if (process.connected) process.send!(message, () => {});
}
