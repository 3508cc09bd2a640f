/**
 * `node answer-driver.ts CHECKOUT PROJECT ARM [ADAPTER.gguf]`: answers with the library of that checkout. Reads a question from each line of
 * stdin (JSON) and writes for each a line with what it took.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [checkout, directory, arm, file] = process.argv.slice(2) as [string, string, string, string?];
// biome-ignore lint/suspicious/noExplicitAny: another version of the library has other types
const load = async (path: string): Promise<any> =>
  import(pathToFileURL(join(checkout, 'packages', 'tandem', 'src', path)).href);
const [{ openProject }, { ingest }, { answerSteps }, { runSteps }] = await Promise.all([
  load('project/index.ts'),
  load('index.ts'),
  load('answer/steps/answer-steps.ts'),
  load('answer/run-steps.ts'),
]);

await using project = await openProject({ directory });
await ingest(project);
const { settings, catalog, models } = project;
const chat = await models.chat();
const reused: number[] = [];
const doGenerate = chat.doGenerate.bind(chat);
chat.doGenerate = async (call: unknown) => {
  const result = await doGenerate(call);
  reused.push(result.providerMetadata.tandem.reusedTokens);
  return result;
};
const steps = answerSteps({
  arm,
  settings,
  chat,
  catalog,
  retriever: await project.retriever(),
  embedder: await models.embedder(),
  ...(file && { adapter: { adapter: { id: 'measured' }, file } }),
});
for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line) as string;
  reused.length = 0;
  const started = performance.now();
  const before = process.cpuUsage();
  const answer = await runSteps(steps, { question, arm });
  const { user, system } = process.cpuUsage(before);
  console.log(
    JSON.stringify({
      milliseconds: performance.now() - started,
      processorMilliseconds: (user + system) / 1000,
      asked: reused.length > 0,
      reusedTokens: reused.reduce((sum, count) => sum + count, 0),
      promptTokens: answer.usage.promptTokens,
      completionTokens: answer.usage.completionTokens,
      raw: answer.raw,
    }),
  );
}
