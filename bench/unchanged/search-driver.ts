/**
 * `node search-driver.ts CHECKOUT`, in a project's folder: searches with the library of that checkout. Reads the requests from
 * stdin (a JSON list of `SearchRequest`) and writes a `Retrieval` to stdout for each, one a line.
 *
 * It knows both forms that the library has had, by what is exported: `search(project, question, options)`, and before that
 * `(await project.retriever()).retrieve(question, options)`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { SearchRequest } from './checkout.ts';

type Search = (question: string, options: Record<string, unknown>) => Promise<{ explanation?: object }>;
interface Opened extends AsyncDisposable {
  retriever?(): Promise<{ retrieve: Search }>;
}
interface Library {
  openProject?(options: { directory: string }): Promise<Opened>;
  search?(tandem: Opened, ...rest: Parameters<Search>): ReturnType<Search>;
}

const source = join(process.argv[2]!, 'packages', 'tandem', 'src');
const load = async (file: string): Promise<Library> =>
  existsSync(join(source, file)) ? await import(pathToFileURL(join(source, file)).href) : {};

const requests = JSON.parse(await text(process.stdin)) as SearchRequest[];
const library = await load('index.ts');
const openProject = library.openProject ?? (await load('project/index.ts')).openProject;
if (!openProject) throw new Error(`${source} exports no openProject, neither in index.ts nor in project/.`);
await using opened = await openProject({ directory: process.cwd() });
const search = await searchOf(opened);
for (const { question, options } of requests) {
  const { explanation, ...found } = await search(question, options);
  // All that was compared is hundreds of passages; what was said of those that were found is told.
  const { compared: _compared, ...told } = (explanation ?? {}) as { compared?: unknown };
  console.log(JSON.stringify({ ...found, ...(explanation && { explanation: told }) }));
}

async function searchOf(project: Opened): Promise<Search> {
  const { search } = library;
  if (search) return (...request) => search(project, ...request);
  const retriever = await project.retriever?.();
  if (!retriever) throw new Error(`${source} exports no search, and a project has no retriever.`);
  return (...request) => retriever.retrieve(...request);
}
