/**
 * Adds up vitest's JSON reports: prints every failed or skipped test with what it said, so that the end of a long log tells what to
 * mend, then one line of counts. A skipped test, a missing report or no test at all is a failure.
 */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** The first lines of what a test said, enough to see which assertion failed and where. */
const excerpt = (messages: readonly string[]): string =>
  messages.map((message) => message.split('\n').slice(0, 12).join('\n').slice(0, 2_000)).join('\n');

const totals = { passed: 0, failed: 0, skipped: 0 };
let missing = 0;
for (const path of process.argv.slice(2)) {
  if (!existsSync(path)) {
    console.error(`No test report at ${path}: that test set did not run to its end.`);
    missing += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(path, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
    testResults: {
      name: string;
      status: string;
      message?: string;
      assertionResults: { fullName: string; status: string; failureMessages: string[] | null }[];
    }[];
  };
  totals.passed += report.numPassedTests;
  totals.failed += report.numFailedTests;
  totals.skipped += report.numPendingTests + report.numTodoTests;
  // A file that could not be loaded has no tests, and must not pass for it.
  for (const { name, status, message, assertionResults } of report.testResults) {
    const file = relative('.', name);
    if (status === 'failed' && assertionResults.length === 0) {
      console.error(`── ${file} could not be run: ${excerpt([message ?? 'no reason given'])}`);
      totals.failed += 1;
    }
    for (const test of assertionResults) {
      if (test.status !== 'passed')
        console.error(`── ${test.status}: ${file}: ${test.fullName}\n${excerpt(test.failureMessages ?? [])}`);
    }
  }
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
if (missing > 0 || totals.failed > 0 || totals.skipped > 0 || totals.passed === 0) process.exitCode = 1;
