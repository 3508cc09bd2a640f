/** The worker thread's side: runs one job and reports to the thread that started it (see `run-in-thread.ts`). */
import { parentPort, workerData } from 'node:worker_threads';
import { NnError } from '../errors/nn-error.ts';
import type { ThreadMessage, ThreadStart } from './run-in-thread.ts';
import { runJob } from './run-job.ts';
import { TrainingStopped } from './stop.ts';

const { job, stop } = workerData as ThreadStart;
const flag = new Int32Array(stop);
const send = (message: ThreadMessage) => parentPort!.postMessage(message);

try {
  const result = await runJob(job, {
    onProgress: (progress) => send({ type: 'progress', progress }),
    stopRequested: () => Atomics.load(flag, 0) === 1,
  });
  send({ type: 'result', result });
} catch (error) {
  if (error instanceof TrainingStopped) send({ type: 'stopped' });
  else if (NnError.isInstance(error)) {
    // Structured cloning loses the fields of an error; the other side makes the error again from them.
    const { cause: _, ...fields } = error as NnError & Record<string, unknown>;
    send({ type: 'error', message: error.message, name: error.name, fields });
  } else
    send({
      type: 'error',
      ...(error instanceof Error
        ? { message: error.message, ...(error.stack && { stack: error.stack }) }
        : { message: String(error) }),
    });
}
