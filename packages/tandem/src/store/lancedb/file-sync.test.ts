import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFileSync } from './file-sync.ts';

function folderOfFiles(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-file-sync-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'table', '_versions'), { recursive: true });
  writeFileSync(join(folder, 'table', '_versions', '1.manifest'), 'one');
  return folder;
}

test('files of all folders are synced, again when some came', async () => {
  const folder = folderOfFiles();
  const files = createFileSync(folder);
  await files.sync();
  writeFileSync(join(folder, 'table', '_versions', '2.manifest'), 'two');
  await files.sync();
});

test('a file that another process takes away between listing and opening is passed over', async () => {
  const folder = folderOfFiles();
  // Listed, and not there when it is opened, each time.
  symlinkSync(join(folder, 'nowhere'), join(folder, 'table', '_versions', '2.manifest#1'));
  const files = createFileSync(folder);
  await files.sync();
  await files.sync();
});

test('a folder that is not there is told', async () => {
  await expect(createFileSync(join(tmpdir(), 'tandem-not-there')).sync()).rejects.toThrow('ENOENT');
});

test('a file that cannot be synced is told', async () => {
  const folder = folderOfFiles();
  symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
  await expect(createFileSync(folder).sync()).rejects.toThrow('ELOOP');
});
