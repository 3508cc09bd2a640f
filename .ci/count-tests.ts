/** Adds up vitest's JSON reports and prints one line of counts; a skipped test, a missing report or no test at all is a failure. */
import { existsSync, readFileSync } from 'node:fs';

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
    testResults: { name: string; status: string; assertionResults: unknown[] }[];
  };
  totals.passed += report.numPassedTests;
  totals.failed += report.numFailedTests;
  totals.skipped += report.numPendingTests + report.numTodoTests;
  // A file that could not be loaded has no tests, and must not pass for it.
  for (const { name, status, assertionResults } of report.testResults) {
    if (status === 'failed' && assertionResults.length === 0) {
      console.error(`${name} could not be run.`);
      totals.failed += 1;
    }
  }
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
if (missing > 0 || totals.failed > 0 || totals.skipped > 0 || totals.passed === 0) process.exitCode = 1;
