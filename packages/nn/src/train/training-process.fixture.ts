/**
 * A program that a test kills: trains a tiny job, saving at every step, into the folder given.
 *
 *     node training-process.fixture.ts FOLDER [VARIANT] [STEP]
 *
 * STEP: kill yourself when this step is done; or `200ms`: this long after the model is ready.
 */
import { variants } from './tiny-job.fixture.ts';
import { runTraining } from './trainer.ts';

const [directory, variant = 'plain', dies] = process.argv.slice(2);
let begun = false;
await runTraining(
  {
    ...(await variants[variant]!()),
    checkpointDirectory: directory!,
    checkpointEverySeconds: 0,
    resume: true,
  },
  {
    onProgress: ({ stage, loss, done }) => {
      if (loss !== undefined && done === Number(dies)) process.kill(process.pid, 'SIGKILL');
      if (stage === 'loading model' || begun) return;
      begun = true;
      if (dies?.endsWith('ms'))
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number.parseFloat(dies));
    },
  },
);
