import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheDirectory } from '../models/fetch/cache.ts';
import { restartWithAllocatorSettings } from './allocator-settings.ts';
import { reportError } from './report-error.ts';

// Before the program is loaded, so that it is loaded once. A file of that name restarts for nothing, which is soon done.
if (process.argv.includes('ingest')) restartWithAllocatorSettings();

// What Node makes of the modules is kept: the next command starts with a third of the work. Where nothing can be written, it is done again.
enableCompileCache(join(cacheDirectory(), 'compiled'));

const interrupt = new AbortController();
// The first Ctrl-C lets the running step end cleanly, so that the same command goes on from there; a second one does not wait. One that
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
