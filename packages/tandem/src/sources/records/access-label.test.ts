import { expect, test } from 'vitest';
import { accessLabel } from './access-label.ts';

test.each([
  ['staff', undefined, { access: 'staff' }],
  ['staff', 'members', { access: 'staff' }],
  [7, undefined, { access: '7' }],
  [null, 'members', { access: 'members' }],
  [undefined, 'members', { access: 'members' }],
])('%j in a source for %s', (value, access, expected) => {
  expect(accessLabel(value, { field: 'label', access })).toEqual(expected);
});

test.each(['', '  ', [], null, undefined])('%j is never public', (value) => {
  expect(accessLabel(value, { field: 'label', access: undefined })).toEqual({
    problem: expect.stringMatching(/label/),
  });
});

test('an empty label is a mistake, not the lack of one', () => {
  expect(accessLabel(' ', { field: 'team.label', access: 'members' })).toEqual({
    problem: 'Its access label, team.label, is empty.',
  });
});

test('without a field for it the label is the source’s, or none', () => {
  expect(accessLabel('staff', { field: undefined, access: undefined })).toEqual({ access: undefined });
  expect(accessLabel(undefined, { field: undefined, access: 'members' })).toEqual({ access: 'members' });
});
