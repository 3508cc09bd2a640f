import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheDirectory } from '../models/fetch/cache.ts';
import { restartWithAllocatorSettings } from './allocator-settings.ts';
import { reportError } from './report-error.ts';

// Before the program is loaded, so that it is loaded once. A file called `ingest` as another argument causes a needless restart, which is quick.
if (process.argv.includes('ingest')) restartWithAllocatorSettings();

// Node's compiled modules are cached: the next command starts with a third of the work. Where the cache cannot be written, nothing is kept.
enableCompileCache(join(cacheDirectory(), 'compiled'));

const interrupt = new AbortController();
// The first Ctrl-C lets the running step end cleanly, so that the same command continues from there; a second one does not wait. One that
// follows at once is the same again: the terminal sends it to every process of a command, and npx and bin/tandem.mjs pass theirs on.
let lastInterrupt = Number.NEGATIVE_INFINITY;
process.on('SIGINT', () => {
  const sincePrevious = performance.now() - lastInterrupt;
  lastInterrupt = performance.now();
  if (!interrupt.signal.aborted) interrupt.abort();
  else if (sincePrevious > 300) process.exit(130);
});
process.on('SIGTERM', () => interrupt.abort());

try {
  const { createProgram } = await import('./program.ts');
  await createProgram(interrupt.signal).parseAsync();
} catch (error) {
  process.exitCode = reportError(error, { interrupted: interrupt.signal.aborted });
}
