import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { reportError } from './report-error.ts';

const lines: unknown[] = [];
beforeEach(() => {
  lines.length = 0;
  vi.spyOn(console, 'error').mockImplementation((line) => void lines.push(line));
});
afterEach(() => vi.restoreAllMocks());

const notFound = (message: string) => Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' });

test('a package that any code does not find is one sentence with the command', () => {
  const error = notFound("Cannot find package 'left-pad' imported from /srv/handbook/steps.ts");
  expect(reportError(error, { interrupted: false })).toBe(1);
  expect(lines).toEqual([
    'Error: The package left-pad is not installed, and /srv/handbook/steps.ts needs it.\nInstall it: npm install left-pad',
  ]);
});

test('a file that is not found is reported', () => {
  const error = notFound("Cannot find module '/srv/handbook/steps.js' imported from /srv/handbook/x.ts");
  expect(reportError(error, { interrupted: false })).toBe(2);
  expect(lines[0]).toMatch(/did not expect/);
});
