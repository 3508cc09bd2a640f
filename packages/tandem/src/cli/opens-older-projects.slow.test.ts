import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTandem } from './tandem-process.fixture.ts';

/**
 * Projects made by earlier commits (`project/fixtures/make.ts`), under the command line as it is now: what users have is still theirs
 * after an update.
 */

const fixtures = resolve(import.meta.dirname, '../project/fixtures');
const question = 'How is a chain cleaned?';

let temporary: string;
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'tandem-older-'));
});
afterAll(() => rm(temporary, { recursive: true, force: true }));

describe.each(['6da8158'])('a project made by %s', (commit) => {
  /** A copy of its own, so that no test sees what another did. */
  const copy = async (name: string) => {
    const directory = join(temporary, `${commit}-${name}`);
    await cp(join(fixtures, commit), directory, { recursive: true });
    return directory;
  };
  const run = (cwd: string, ...args: string[]) => startTandem(args, { cwd }).done;
  const json = async (cwd: string, ...args: string[]) => {
    const { code, out, err } = await run(cwd, ...args, '--json');
    expect(code, err).toBe(0);
    return JSON.parse(out);
  };
  const catalogue = (directory: string) => new DatabaseSync(join(directory, '.tandem', 'catalog.sqlite'));
  const configurationHash = (directory: string) => {
    using database = catalogue(directory);
    return database.prepare('SELECT configuration_hash AS hash FROM index_state').get()!.hash as string;
  };
  /** As a Tandem leaves it whose rules of parsing and cutting were others. */
  const outdated = async (name: string) => {
    const directory = await copy(name);
    using database = catalogue(directory);
    database.exec(`UPDATE index_state SET configuration_hash = 'of older rules'`);
    return directory;
  };
  /** What is wrong in one sentence, and a line with what to do: no stack. */
  const oneError = (err: string, says: RegExp) => {
    expect(err).toMatch(says);
    expect(err.trim().split('\n').length).toBeLessThanOrEqual(2);
  };
  const findsOrSaysWhatToDo = async (cwd: string) => {
    const { code, out, err } = await run(cwd, 'search', question, '--json');
    if (code === 0) expect(JSON.parse(out).passages[0]).toMatchObject({ documentId: 'chain' });
    else {
      expect(code).toBe(1);
      oneError(err, /tandem ingest/);
    }
  };

  /** What that commit said of it, by name. */
  let printed: ReturnType<typeof JSON.parse>;
  let directory: string;
  beforeAll(async () => {
    const lines = (await readFile(join(fixtures, commit, 'printed.jsonl'), 'utf8')).trim().split('\n');
    printed = Object.fromEntries(
      lines.map((line) => JSON.parse(line)).map(({ name, value }) => [name, value]),
    );
    directory = await copy('read');
  });

  test('traces, answers and ratings are read as they were written', async () => {
    for (const trace of [printed.extract, printed.answer])
      expect(await json(directory, 'trace', trace.id)).toMatchObject(trace);
    expect(printed.extract.answer.citations.length).toBeGreaterThan(0);
    expect(printed.answer.answer.citations.length).toBeGreaterThan(0);
    expect(printed.answer.feedback).toMatchObject({ rating: 'down' });
  });

  test('its index is searched, or the search says what to do', () => findsOrSaysWhatToDo(directory));

  test('after an ingest its documents are searched, and answers extracted from them', async () => {
    const own = await copy('search');
    await json(own, 'ingest');
    const { passages } = await json(own, 'search', question);
    expect(passages[0]).toMatchObject({ documentId: 'chain', headingPath: ['Chain', 'Cleaning'] });
    const answer = await json(own, 'ask', '--extract', question);
    expect(answer.text).toMatch(/dry cloth/);
  });

  test('the adapter is found, loaded and answers', async () => {
    const answer = await json(directory, 'ask', 'When is a chain replaced?', '--arm', 'tuned');
    expect(answer).toMatchObject({ arm: 'tuned' });
    expect(answer.usage.completionTokens).toBeGreaterThan(0);
    expect(await json(directory, 'trace', answer.traceId)).toMatchObject({
      adapterId: printed.adapter.id,
      rawOutput: answer.raw,
    });
  });

  test('what was deployed answers still, and can be undone', async () => {
    const { adapterId } = printed.deployment;
    const own = await copy('deployment');
    await json(own, 'ingest');
    const answer = await json(own, 'ask', question);
    expect(answer).toMatchObject({ arm: 'hybrid', searchQuery: expect.any(String) });
    expect(await json(own, 'trace', answer.traceId)).toMatchObject({ arm: 'hybrid', adapterId });
    expect(await json(own, 'use', '--undo')).toEqual({ undone: printed.deployment, current: null });
  });

  test('the comparison is what a deployment rests on', async () => {
    const own = await copy('comparison');
    // What answers already needs no evidence; what is to take its place does.
    expect(await json(own, 'use', 'hybrid')).toEqual(printed.deployment);
    const refused = await run(own, 'use', 'rag');
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(
      /rag is not shown to be better than hybrid \(adapter_\w+\), which is used now/,
    );
    expect(await json(own, 'use', 'rag', '--force')).toMatchObject({
      arm: 'rag',
      forced: true,
      evidenceRunId: printed.comparison.runId,
    });
  });

  test('an ingest finds nothing to do, or indexes again from the vectors that there are', async () => {
    const own = await copy('ingest');
    const before = configurationHash(own);
    const report = await json(own, 'ingest');
    expect(report).toMatchObject({ embedded: 0, problems: [], index: { documents: 4 } });
    if (configurationHash(own) === before) {
      expect(report).toMatchObject({ added: 0, changed: 0, removed: 0, unchanged: 4 });
      expect(report.reindexed).toBeUndefined();
    } else expect(report).toMatchObject({ reindexed: 'configuration changed', fromCache: report.chunks });
  });

  test('an outdated index is made again from cached vectors, and the report says so', async () => {
    const own = await outdated('outdated');
    const report = await json(own, 'ingest');
    expect(report).toMatchObject({ reindexed: 'configuration changed', embedded: 0, problems: [] });
    expect(report.fromCache).toBe(report.chunks);
    expect(report.index).toMatchObject({ documents: 4, chunks: report.chunks });
    expect(configurationHash(own)).not.toBe('of older rules');
    const { passages } = await json(own, 'search', question);
    expect(passages[0]).toMatchObject({ documentId: 'chain' });
    expect(await json(own, 'ingest')).toMatchObject({ unchanged: 4, chunks: 0, embedded: 0 });
    // What was answered from the index before is not touched by that.
    expect(await json(own, 'trace', printed.answer.id)).toMatchObject(printed.answer);
  });

  test('an outdated index is searched, or the search says what to do', async () =>
    findsOrSaysWhatToDo(await outdated('outdated-search')));

  test('a catalogue of a newer Tandem is refused in one sentence, and left as it is', async () => {
    const own = await copy('newer');
    const version = (database: DatabaseSync) => database.prepare('PRAGMA user_version').get()!.user_version;
    {
      using database = catalogue(own);
      database.exec('PRAGMA user_version = 1000');
    }
    for (const words of [['trace'], ['search', question], ['ingest']]) {
      const { code, out, err } = await run(own, ...words);
      expect(code).toBe(1);
      expect(out).toBe('');
      oneError(err, /written by a newer Tandem \(schema 1000/);
    }
    using database = catalogue(own);
    expect(version(database)).toBe(1000);
  });
});
