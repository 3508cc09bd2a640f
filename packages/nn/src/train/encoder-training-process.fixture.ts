/**
 * A program that a test kills: trains a tiny encoder, saving at every step, and kills itself so long after its first
 * step.
 *
 *     node encoder-training-process.fixture.ts VARIANT CHECKPOINTS OUTPUT MILLISECONDS
 */
import { encoderVariants } from './tiny-encoder-job.fixture.ts';

const [variant, checkpointDirectory, outputDirectory, milliseconds] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
];
let begun = false;
await encoderVariants[variant]!(
  { checkpointDirectory, outputDirectory },
  {
    onProgress: ({ loss }) => {
      if (loss === undefined || begun) return;
      begun = true;
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(milliseconds));
    },
  },
);
