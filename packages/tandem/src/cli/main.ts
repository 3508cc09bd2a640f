#!/usr/bin/env node
import { restartWithAllocatorSettings } from './allocator-settings.ts';
import { reportError } from './report-error.ts';

// Before the program is loaded, so that it is loaded once. A file of that name restarts for nothing, which is soon done.
if (process.argv.includes('ingest')) restartWithAllocatorSettings();

const interrupt = new AbortController();
// The first Ctrl-C lets the running step end cleanly, so that the same command goes on from there; a second one does not wait.
process.on('SIGINT', () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
process.on('SIGTERM', () => interrupt.abort());

try {
  const { createProgram } = await import('./program.ts');
  await createProgram(interrupt.signal).parseAsync();
} catch (error) {
  process.exitCode = reportError(error, { interrupted: interrupt.signal.aborted });
}
