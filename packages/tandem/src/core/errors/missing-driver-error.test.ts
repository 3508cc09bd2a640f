import { expect, test } from 'vitest';
import { importDriver, MissingDriverError, nameAbsentPackage } from './missing-driver-error.ts';

const options = { packageName: '@tandem/no-such-driver', what: 'A source of dreams', domain: 'sources' };

test('an absent package is one sentence with the install command', async () => {
  // Through a variable, so that nothing looks for it before.
  const name = options.packageName;
  const error = await importDriver(() => import(/* @vite-ignore */ name), options).catch((reason) => reason);
  expect(MissingDriverError.isInstance(error)).toBe(true);
  expect(error.message).toBe(
    'A source of dreams needs the package @tandem/no-such-driver, which is not installed.',
  );
  expect(error.hint).toBe('Install it beside tandem: npm install @tandem/no-such-driver');
});

test('a package that is there and fails says so itself', async () => {
  const broken = () => Promise.reject(new Error('native part missing'));
  await expect(importDriver(broken, options)).rejects.toThrow('native part missing');
  const without = Object.assign(new Error("Cannot find package 'its-own-dependency'"), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
  await expect(importDriver(() => Promise.reject(without), options)).rejects.toBe(without);
});

test('what a project’s own code does not find is named', async () => {
  const name = options.packageName;
  const load = () => import(/* @vite-ignore */ `${name}/part`);
  const error = await nameAbsentPackage(load, { what: '`store.open`', domain: 'store' }).catch(
    (reason) => reason,
  );
  expect(error).toMatchObject({
    code: 'missing_driver',
    message: '`store.open` needs the package @tandem/no-such-driver, which is not installed.',
  });
  await expect(
    nameAbsentPackage(() => Promise.reject(new Error('no')), { what: 'x', domain: 'store' }),
  ).rejects.toThrow(/^no$/);
});
