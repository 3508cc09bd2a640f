import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import { reportError } from './report-error.ts';

test.each(['missing', 'cut short'])('an index with a file that is %s is one sentence', async (damage) => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-damaged-'));
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  try {
    const at = { generation: 1, seq: 1 };
    {
      await using store = await openLanceStore(folder);
      await store.prepare({ generation: 1, dimensions: 8, committedSeq: 0 });
      await store.add(
        [
          {
            id: 'a#0',
            documentId: 'a',
            ordinal: 0,
            start: 0,
            end: 4,
            text: 'text',
            headingPath: [],
            uri: 'a',
            title: 'a',
            access: 'public',
            searchText: 'text',
            vector: new Float32Array(8).fill(1),
          },
        ],
        at,
      );
      await store.flush();
    }
    const data = join(folder, 'chunks_1.lance', 'data');
    for (const name of readdirSync(data))
      if (damage === 'missing') rmSync(join(data, name));
      else truncateSync(join(data, name), 40);
    await using store = await openLanceStore(folder);
    const error = await store.chunks(at).then(
      () => expect.fail('was read'),
      (cause: unknown) => cause,
    );
    expect(reportError(error, { interrupted: false })).toBe(1);
    expect(said.mock.calls).toEqual([
      [expect.stringMatching(/^Error: The search index is damaged.*\nDelete the folder/)],
    ]);
  } finally {
    said.mockRestore();
    rmSync(folder, { recursive: true });
  }
});
