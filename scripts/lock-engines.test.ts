import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { minVersion, satisfies, sort } from 'semver';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const read = (...place: string[]) => JSON.parse(readFileSync(path.join(root, ...place), 'utf8'));
const packages = Object.entries<{ engines?: object }>(read('package-lock.json').packages);

test('npm has nothing to warn of on an older Node: the lock asks for none (`npm run lock`)', () => {
  const asking = packages.filter(([place, { engines }]) => place !== '' && engines).map(([place]) => place);
  expect(asking).toEqual([]);
});

test('the Node that npm brings is one that every package asks for', () => {
  const [oldest] = sort(Object.values<string>(read('package.json').optionalDependencies));
  const asked = packages
    .filter(([place]) => existsSync(path.join(root, place, 'package.json')))
    .flatMap(([place]) => {
      const { name, engines, devEngines } = read(place, 'package.json');
      const range: string | undefined = engines?.node ?? devEngines?.runtime.version;
      return range ? [{ name, range }] : [];
    });
  expect(asked.length).toBeGreaterThan(200);
  expect(asked.filter(({ range }) => !satisfies(oldest!, range))).toEqual([]);
});

test('the sources’ Node is told where npm does not compare it with its own', () => {
  for (const name of ['nn', 'tandem']) {
    const { engines, devEngines } = read('packages', name, 'package.json');
    expect(engines, name).toBeUndefined();
    expect(minVersion(devEngines.runtime.version), name).not.toBeNull();
  }
});
