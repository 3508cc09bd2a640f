/** For a test that kills it: trains the tiny job, saving after every step, into the folder given. */
import { tinyJob } from './tiny-job.ts';
import { runTraining } from './trainer.ts';

const job = await tinyJob({
  checkpointDirectory: process.argv[2]!,
  checkpointEverySeconds: 0,
  resume: true,
});
let said = false;
await runTraining(job, {
  onProgress: ({ stage }) => {
    if (stage === 'loading model' || said) return;
    said = true;
    console.log('ready');
  },
});
