import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldPath } from './field-path.ts';

const all = (path: string, value: unknown) => fieldPath(path, 'x').all(value);
const data = {
  items: [
    { id: 1, tags: ['a', 'b'] },
    { id: 2, 'a name': { x: null } },
  ],
  'od.d': 3,
  n: 0,
};

test('names, indices and wildcards', () => {
  expect(all('$', data)).toEqual([data]);
  expect(all('$.items[*].id', data)).toEqual([1, 2]);
  expect(all('items[0].tags[1]', data)).toEqual(['b']);
  expect(all("$.items[1]['a name'].x", data)).toEqual([null]);
  expect(all('$["od.d"]', data)).toEqual([3]);
  expect(all('$[*]', [5, 6])).toEqual([5, 6]);
  expect(all('items.*.id', data)).toEqual([1, 2]);
  expect(all('n', data)).toEqual([0]);
  expect(all('nothing.there[3]', data)).toEqual([]);
  expect(all('constructor', data)).toEqual([]);
  expect(fieldPath('items[*].id', 'x').one(data)).toBe(1);
});

test('a path that cannot be read is an error', () => {
  for (const path of ['$..x', 'a..b', 'a[', 'a[1:2]', 'a[?(@.b)]', "a['b", 'a b c[']) {
    expect(() => fieldPath(path, 'sources.0.id'), path).toThrow(
      /`sources\.0\.id` has the path .* which cannot be read from/,
    );
  }
});

test('any member is found by its quoted name', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.anything(), (name, value) => {
      fc.pre(name !== '__proto__');
      const path = `$['${name.replace(/[\\']/g, '\\$&')}']`;
      expect(all(path, { [name]: value })).toEqual([value]);
    }),
  );
});
