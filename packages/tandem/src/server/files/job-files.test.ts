import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openServerDatabase } from '../state/server-database.ts';
import { jobFiles } from './job-files.ts';
import { ServerFiles } from './server-files.ts';

test('a job reads its tenant’s files, and leaves results for those who hold all of its labels', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-files-'));
  const database = openServerDatabase(folder);
  try {
    const files = await ServerFiles.open({ database, folder, now: () => 1000 });
    const jobs = jobFiles(files);
    const id = await jobs.addResult('north', {
      filename: 'steps.csv',
      content: 'step\n1\n',
      access: ['staff', 'board'],
    });
    const file = jobs.open('north', id)!;
    expect(file).toMatchObject({
      id,
      filename: 'steps.csv',
      bytes: 7,
      purpose: 'fine-tune-results',
      access: ['staff', 'board'],
    });
    expect(readFileSync(file.path, 'utf8')).toBe('step\n1\n');
    expect(jobs.open('south', id)).toBeUndefined();
    expect(files.mayRead(file, undefined)).toBe(true);
    expect(files.mayRead(file, ['staff', 'board', 'public'])).toBe(true);
    expect(files.mayRead(file, ['staff'])).toBe(false);
    const listed = (readable?: string[]) =>
      files.list('north', { limit: 10, order: 'desc', readable }).rows.length;
    expect([listed(), listed(['board', 'staff']), listed(['board'])]).toEqual([1, 1, 0]);
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
});
