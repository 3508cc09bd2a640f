import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forget } from '../../forget/forget.ts';
import { ingest } from '../../runtime/ingest.ts';
import { makeLetterProject } from '../letter-project.fixture.ts';
import { openProject } from '../open-project.ts';

test('a forgotten file does not come back under another name; unreadable parts of a file are reported and fail nothing', {
  timeout: 60_000,
}, async () => {
  await using letters = await makeLetterProject({
    sources: [{ type: 'files', path: 'documents' }],
  });
  const at = (name: string) => join(letters.directory, 'documents', name);
  await writeFile(at('staff.md'), '# s t\n\n## i\n\ns t s t.\n');
  await writeFile(at('log.jsonl'), `${'{"a":"b c d"}\n'.repeat(6)}{"a":\n`);
  await using project = await openProject({ directory: letters.directory });
  expect((await ingest(project)).problems).toEqual([
    { uri: 'documents/log.jsonl', kind: 'partial', message: 'line 7 could not be read and is left out.' },
  ]);

  await forget(project, 'documents/staff.md');
  await rename(at('staff.md'), at('renamed.md'));
  expect(await ingest(project)).toMatchObject({ added: 0, forgotten: 1 });
  // Known by its place now: it is not read again.
  expect(await ingest(project)).toMatchObject({ added: 0, forgotten: 1 });
  expect(await forget(project, 'documents/staff.md', { allowAgain: true })).toMatchObject({ allowed: true });
  expect(await ingest(project)).toMatchObject({ added: 1, forgotten: 0 });
});
