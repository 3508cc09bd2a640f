import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The Python of a virtual environment with the pinned peers in `work/python`, made at the first run. pip's own configuration says
 * where packages come from. The first requirement is torch.
 */
export function pythonEnvironment(work: string, requirements: readonly string[]): string {
  const directory = join(work, 'python');
  const python = join(directory, 'bin', 'python');
  if (!existsSync(join(directory, 'ready'))) {
    console.log(`Making a Python environment with ${requirements.join(', ')} (a few minutes, once) …`);
    const quietly = { stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[] };
    execFileSync('python3', ['-m', 'venv', directory], quietly);
    // torch first and alone: its version decides what the others may bring.
    for (const some of [requirements.slice(0, 1), requirements])
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...some], quietly);
    writeFileSync(join(directory, 'ready'), '');
  }
  return python;
}
