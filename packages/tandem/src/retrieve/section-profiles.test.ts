import { expect, test } from 'vitest';
import { sectionProfilesOf } from './section-profiles.ts';

/** Documents about different things (first axes) whose sections lean the same way (last axes). */
const passages = Array.from({ length: 6 }, (_, document) =>
  [
    { headings: ['Care', 'Symptoms'], lean: 6 },
    { headings: ['Treatment:'], lean: 7 },
    { headings: [`Only in ${document}`], lean: 0 },
    { headings: [], lean: 1 },
  ].map(({ headings, lean }) => {
    const vector = new Float32Array(8);
    vector[document] = 1;
    vector[lean] = 0.8;
    return { documentId: `d${document}`, headings, vector };
  }),
).flat();

test('what sections of one heading have in common, by the innermost, whatever they are about', () => {
  const profiles = sectionProfilesOf(passages);
  expect(profiles.headings).toBe(2);
  const treatment = Float32Array.of(0, 0, 0, 0, 0, 0, 0, 1);
  expect(profiles.similarity(treatment, ['treatment'])).toBeGreaterThan(0.7);
  expect(profiles.similarity(treatment, ['Other', 'SYMPTOMS'])).toBeLessThan(0.1);
  expect(profiles.similarity(treatment, ['Only in 3'])).toBe(0);
  expect(profiles.similarity(treatment, [])).toBe(0);
  expect(sectionProfilesOf([]).similarity(treatment, ['treatment'])).toBe(0);
});
