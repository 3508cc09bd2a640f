/** Run by `kill.slow.test.ts` as a process of its own: a server over FOLDER with a scripted embedder, until it is killed. Tells its address. */
import { letterEmbedder } from '../runtime/scripted-models.fixture.ts';
import { openServer } from './open-server.ts';

const [folder] = process.argv.slice(2) as [string];
const server = await openServer({ folder, embedding: [letterEmbedder] });
const { url } = await server.listen({ port: 0 });
process.stdout.write(`${url}\n`);
