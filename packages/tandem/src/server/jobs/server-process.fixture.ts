/**
 * A server that a test kills: it has one file of examples, `file-1`, and keeps a checkpoint at every step.
 *
 *     node server-process.fixture.ts FOLDER    writes its address to stdout
 */
import { openServer } from '../open-server.ts';
import { harbour } from './harbour.fixture.ts';
import { FolderFiles } from './training-files.fixture.ts';

const files = new FolderFiles();
files.add(harbour);
const server = await openServer(
  {
    folder: process.argv[2]!,
    chat: ['local:smollm2-135m-instruct'],
    training: { checkpointEverySeconds: 0 },
  },
  { trainingFiles: files },
);
const { url } = await server.listen({ port: 0 });
console.log(url);
process.on('SIGTERM', async () => {
  await server[Symbol.asyncDispose]();
  files[Symbol.dispose]();
  process.exit(0);
});
