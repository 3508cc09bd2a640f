import { expect, test } from 'vitest';
import { type SourceConfigInput, sourceSchema } from '../core/source-config.ts';
import { addressesOf } from './addresses.ts';
import { openSource } from './open-source.ts';

const database = (url: string | { env: string }): SourceConfigInput[] => [
  { type: 'sql', url, table: 'articles', key: 'id' },
  { type: 'mongodb', url, collection: 'articles' },
];
const opening = (config: SourceConfigInput, environment: Record<string, string> = {}) =>
  openSource(sourceSchema.parse(config), { baseDirectory: '.', where: 'sources.3', environment });

test.each(['app:50%off@h/wiki', 'a%p:x@h/wiki', 'app:x@h/100%'])(
  'a connection string with a bare % is one sentence, without it: %s',
  async (rest) => {
    for (const config of database({ env: 'URL' })) {
      const scheme = config.type === 'sql' ? 'postgres' : 'mongodb';
      const error = await opening(config, { URL: `${scheme}://${rest}` }).then(
        () => undefined,
        (reason) => reason,
      );
      expect(error).toMatchObject({
        code: 'invalid_input',
        where: 'sources.3.url',
        message: expect.stringMatching(/^`sources\.3\.url` has a % in its user, password or database/),
      });
      expect(JSON.stringify([error.message, error.hint, String(error.cause)])).not.toMatch(/off|a%p|100%/);
    }
  },
);

test('a password in the config is refused in the same words everywhere', async () => {
  for (const [index, scheme] of ['mysql', 'mongodb'].entries())
    await expect(opening(database(`${scheme}://app:secret@h/wiki`)[index]!)).rejects.toThrow(
      '`sources.3.url` has a password in it: secrets do not belong in a config file.',
    );
});

test('an address that cannot be one names no host; opening the source tells of it', async () => {
  const config = database({ env: 'URL' })[0]!;
  const environment = { URL: 'postgres://my host/wiki' };
  expect(addressesOf(sourceSchema.parse(config), environment)).toEqual([]);
  await expect(opening(config, environment)).rejects.toThrow(
    '`sources.3.url` is not the address of a database.',
  );
});
