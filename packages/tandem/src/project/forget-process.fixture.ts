/** Run by `forget.test.ts` as a process of its own: forgets DOCUMENT in the project in FOLDER, told about on stdout. */
import { forget } from './forget.ts';
import { openProject } from './project.ts';

const [directory, document] = process.argv.slice(2) as [string, string];
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

await using project = await openProject({ directory });
const report = await forget(project, document, { onProgress: (event) => tell({ event }) });
tell({ report });
