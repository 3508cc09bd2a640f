import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCatalog, openMemoryCatalog } from './sqlite-catalog.ts';

test('a catalogue in memory has one writer at a time, who waits for the other', async () => {
  await using catalog = await openMemoryCatalog();
  await using other = await openMemoryCatalog();
  const first = await catalog.lockForWriting('ingesting');
  await expect(catalog.lockForWriting('tuning')).rejects.toMatchObject({
    code: 'locked',
    message: 'This process is writing to the same data already (ingesting).',
  });
  // Another catalogue is another place.
  await using _others = await other.lockForWriting('ingesting');
  const waiting = catalog.lockForWriting('tuning', { waitMs: 5000 });
  await first.release();
  await using _second = await waiting;
  await expect(catalog.lockForWriting('comparing')).rejects.toThrow(/already \(tuning\)/);
});

test('it can be written to a file, and is a catalogue like any other there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-memory-'));
  try {
    const file = join(folder, 'catalog.sqlite');
    await using catalog = await openMemoryCatalog();
    await catalog.calibrations.put('key', { a: 1 });
    await catalog.scrub();
    await catalog.copyTo(file);
    expect(existsSync(file)).toBe(true);
    await using copy = await openCatalog(file);
    expect(await copy.calibrations.get('key')).toEqual({ a: 1 });
  } finally {
    await rm(folder, { recursive: true });
  }
});
