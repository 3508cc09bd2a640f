import type { Command } from 'commander';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { TandemServer } from '../server/open-server.ts';

interface ServeFlags {
  project?: string[];
  model: string[];
  embedder: string[];
  data?: string;
  host: string;
  port: string;
  allowHost: string[];
  allowOrigin: string[];
}

const several = (value: string, before: string[] = []) => [...before, value];

export function addServe(program: Command, signal: AbortSignal): void {
  program
    .command('serve')
    .description('Serve models and projects by OpenAI’s API, on this machine.')
    .option('--project <dir>', 'a project to serve as tandem/NAME; may be given several times', several)
    .option(
      '--model <reference>',
      'a chat model, such as local:qwen2.5-coder-1.5b; several times',
      several,
      [],
    )
    .option('--embedder <reference>', 'an embedding model; several times', several, [])
    .option('--data <dir>', 'where keys, files, jobs and vector stores are kept')
    .option('--host <address>', 'the address to listen on; other than this machine needs a key', '127.0.0.1')
    .option('--port <number>', 'the port; 0 takes a free one', '8642')
    .option('--allow-host <name>', 'a further name under which it is reached; several times', several, [])
    .option('--allow-origin <origin>', 'web pages that may use it; several times', several, [])
    .action(async (own: ServeFlags) => {
      const { project: before } = program.opts<{ project?: string }>();
      const flags = { ...own, project: own.project ?? (before === undefined ? [] : [before]) };
      const port = Number(flags.port);
      if (!/^\d+$/.test(flags.port) || port > 65_535)
        throw new InvalidInputError({
          domain: 'cli',
          where: '--port',
          message: `"${flags.port}" is no port.`,
          hint: 'Give a number up to 65535.',
        });
      // Loaded here: other verbs need none of it.
      const { openServer } = await import('../server/open-server.ts');
      await using server = await openServer({
        projects: flags.project,
        chat: flags.model,
        embedding: flags.embedder,
        ...(flags.data !== undefined && { folder: flags.data }),
        allowHosts: flags.allowHost,
        allowOrigins: flags.allowOrigin,
      });
      const { url } = await server.listen({ host: flags.host, port });
      console.log(describeServer(server, url));
      await new Promise<void>((end) => {
        if (signal.aborted) end();
        signal.addEventListener('abort', () => end(), { once: true });
      });
    });
}

/** What is served and to whom, in five lines. */
function describeServer(server: TandemServer, url: string): string {
  const keys = server.keys.list().filter(({ revokedAt }) => revokedAt === null).length;
  return [
    `Serving on ${url}/v1  (OPENAI_BASE_URL=${url}/v1)`,
    `Models: ${server.models.join(', ')}`,
    keys === 0
      ? 'To: programs of this machine, without a key (make one: tandem keys create NAME)'
      : `To: who has one of ${keys} ${keys === 1 ? 'key' : 'keys'} (tandem keys list)`,
    `Kept in: ${server.folder}`,
    `Documented at ${url}/docs; Ctrl-C stops it.`,
  ].join('\n');
}
