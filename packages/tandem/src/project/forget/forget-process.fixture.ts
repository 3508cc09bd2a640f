/**
 * Run by `forget.slow.test.ts` as a process of its own: forgets DOCUMENT in the project in FOLDER, and dies of SIGKILL when STAGE is
 * reported, or so many milliseconds after it.
 */

import { forget } from '../../forget/forget.ts';
import { openProject } from '../open-project.ts';

const [directory, document, stage, milliseconds] = process.argv.slice(2) as [string, string, string, string];
const die = () => process.kill(process.pid, 'SIGKILL');

await using project = await openProject({ directory });
await forget(project, document, {
  onProgress: ({ done }) => {
    if (done !== Number(stage)) return;
    if (Number(milliseconds) === 0) die();
    else setTimeout(die, Number(milliseconds));
  },
});
