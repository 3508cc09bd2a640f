/** Brings the corpus's packages to this machine and unpacks them. They are data: nothing in them is installed or run. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type CorpusPackage, readManifest } from './manifest.ts';

/** A package that lies unpacked in a folder. */
export interface UnpackedPackage {
  own: CorpusPackage;
  folder: string;
}

/**
 * All packages of the manifest, unpacked below `work`; what is there already is not fetched again. Needs `apt-get` and `dpkg-deb` (Debian),
 * `npm` and `tar`.
 * @throws Error where a package is not the one that the manifest names, or has no licence file
 */
export function fetchPackages(work: string): UnpackedPackage[] {
  return readManifest().map((own) => {
    const folder = join(work, 'packages', `${own.name}-${own.version}`.replace(/[^\w.+-]/g, '-'));
    if (!existsSync(folder)) unpack(own, folder);
    if (!existsSync(join(folder, own.licenceFile)))
      throw new Error(`${own.name} ${own.version} has no ${own.licenceFile}: see what its licence is.`);
    return { own, folder };
  });
}

function unpack(own: CorpusPackage, folder: string): void {
  const { from, name, version } = own;
  const staging = `${folder}.part`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  const download = join(staging, 'download');
  mkdirSync(download);
  if (from === 'debian') execFileSync('apt-get', ['download', `${name}=${version}`], { cwd: download });
  else execFileSync('npm', ['pack', '--silent', `${name}@${version}`], { cwd: download });
  const file = join(download, readdirSync(download)[0]!);
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (sha256 !== own.sha256)
    throw new Error(`${name} ${version} is ${sha256}, and the manifest says ${own.sha256}.`);
  if (from === 'debian') execFileSync('dpkg-deb', ['-x', file, staging]);
  else execFileSync('tar', ['-xzf', file, '-C', staging]);
  rmSync(download, { recursive: true });
  renameSync(staging, folder);
}
