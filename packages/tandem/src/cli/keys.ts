import type { Command } from 'commander';
import { z } from 'zod';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { ApiKeys } from '../server/keys/api-keys.ts';
import { scopes } from '../server/keys/caller.ts';
import { defaultServerFolder, openServerDatabase } from '../server/state/server-database.ts';

interface CreateFlags {
  tenant: string;
  scopes: string;
  access?: string;
  projects?: string;
  expires?: string;
}

const scopeList = z.array(z.enum(scopes)).min(1);
const secondsOf = { h: 3600, d: 86_400 } as const;

export function addKeys(program: Command, _signal: AbortSignal): void {
  const keys = program
    .command('keys')
    .description('Keys of the server: who may do what. Once there is one, nobody is let in without.');
  keys
    .command('create <name>')
    .description('Make a key; it is shown once.')
    .option('--data <dir>', 'the server’s folder')
    .option('--tenant <name>', 'whose files, jobs and vector stores it sees', 'default')
    .option('--scopes <list>', `of ${scopes.join(', ')}`, 'read,ask')
    .option('--access <labels>', 'access labels of documents that it may read; without: all')
    .option('--projects <names>', 'projects that it may ask; without: all')
    .option('--expires <time>', 'such as 90d or 12h; without: never')
    .action((name: string, flags: CreateFlags, command: Command) =>
      withKeys(command, (apiKeys, print) => {
        const listed = (given: string | undefined) =>
          given
            ?.split(',')
            .map((each) => each.trim())
            .filter((each) => each !== '');
        const given = scopeList.safeParse(listed(flags.scopes));
        if (!given.success)
          throw new InvalidInputError({
            domain: 'cli',
            where: '--scopes',
            message: `"${flags.scopes}" are not all scopes.`,
            hint: `Give some of ${scopes.join(', ')}, with commas.`,
          });
        const access = listed(flags.access);
        const projects = listed(flags.projects);
        const { key, secret } = apiKeys.create({
          name,
          tenant: flags.tenant,
          scopes: given.data,
          ...(access && { access }),
          ...(projects && { projects }),
          ...(flags.expires !== undefined && { expiresAt: expiryOf(flags.expires) }),
        });
        print(
          { ...key, secret },
          () => `${secret}\nThis is shown once. ${key.id} may ${key.scopes.join(', ')} as ${key.tenant}.`,
        );
      }),
    );
  keys
    .command('list')
    .description('List the keys, without their secrets.')
    .option('--data <dir>', 'the server’s folder')
    .action((_flags: unknown, command: Command) =>
      withKeys(command, (apiKeys, print) =>
        print(apiKeys.list(), (list) =>
          list.length === 0
            ? 'There are no keys: the server is for this machine alone.'
            : list
                .map(({ id, name, tenant, scopes: held, expiresAt, revokedAt }) =>
                  [
                    id,
                    name,
                    tenant,
                    held.join(','),
                    revokedAt !== null
                      ? 'revoked'
                      : expiresAt === null
                        ? 'does not expire'
                        : `until ${new Date(expiresAt * 1000).toISOString().slice(0, 10)}`,
                  ].join('  '),
                )
                .join('\n'),
        ),
      ),
    );
  keys
    .command('revoke <id>')
    .description('Make a key useless, at once.')
    .option('--data <dir>', 'the server’s folder')
    .action((id: string, _flags: unknown, command: Command) =>
      withKeys(command, (apiKeys, print) => {
        if (!apiKeys.revoke(id))
          throw new InvalidInputError({
            domain: 'cli',
            where: id,
            message: `There is no key ${id} that could be revoked.`,
            hint: 'tandem keys list has their ids.',
          });
        print({ revoked: id }, () => `${id} is revoked.`);
      }),
    );
}

function withKeys(
  command: Command,
  work: (keys: ApiKeys, print: <T>(value: T, text: (value: T) => string) => void) => void,
): void {
  const flags = command.optsWithGlobals<{ data?: string; project?: string; json?: boolean }>();
  const database = openServerDatabase(flags.data ?? defaultServerFolder(flags.project));
  try {
    work(new ApiKeys(database, () => Math.floor(Date.now() / 1000)), (value, text) =>
      console.log(flags.json ? JSON.stringify(value, null, 2) : text(value)),
    );
  } finally {
    database.close();
  }
}

/** Unix seconds. */
function expiryOf(written: string): number {
  const [, count, unit] = /^(\d+)([hd])$/.exec(written) ?? [];
  if (count === undefined)
    throw new InvalidInputError({
      domain: 'cli',
      where: '--expires',
      message: `"${written}" is no time.`,
      hint: 'Write hours or days, such as 12h or 90d.',
    });
  return Math.floor(Date.now() / 1000) + Number(count) * secondsOf[unit as 'h' | 'd'];
}
