#!/usr/bin/env node
import { createProgram } from './program.ts';
import { reportError } from './report-error.ts';

const interrupt = new AbortController();
// The first Ctrl-C lets the running step end cleanly, so that the same command goes on from there; a second one does not wait.
process.on('SIGINT', () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
process.on('SIGTERM', () => interrupt.abort());

try {
  await createProgram(interrupt.signal).parseAsync();
} catch (error) {
  process.exitCode = reportError(error, { interrupted: interrupt.signal.aborted });
}
