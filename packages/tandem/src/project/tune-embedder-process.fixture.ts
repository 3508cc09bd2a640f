/** For a test: trains the embedder of the project in the folder given and kills itself, without warning, when a step is done. */

import { tuneEmbedder } from '../tune/encoders/tune-embedder.ts';
import { openProject } from './open-project.ts';

const [directory, epochs, dies] = process.argv.slice(2) as [string, string, string];
await using project = await openProject({ directory });
await tuneEmbedder(project, {
  epochs: Number(epochs),
  onProgress: ({ stage, done, secondsLeft }) => {
    if (stage === 'training' && secondsLeft !== undefined && done === Number(dies)) {
      process.kill(process.pid, 'SIGKILL');
    }
  },
});
