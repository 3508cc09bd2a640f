import { expect, test } from 'vitest';
import { namesAnother } from './names-another.ts';

const page = (text: string, prefix = '') => ({ text, prefix });

test.for([
  ['a version', 'What changed in 2.4.2?', '2.4.2', 'In 2.4.1 the lamp is dimmed.'],
  ['a version of the title', 'What changed in 2.4.2?', '2.4.2', 'The lamp is dimmed.', 'Release 2.4.1'],
  ['a clause', 'What does § 7.3.4 say?', '7.3.4', 'Under 7.3.5 the deposit is paid back.'],
  ['a part number', 'What is KL-31 for?', 'KL-31', 'KL-30 holds the cover.'],
  ['a word with digits', 'What does E405 mean?', 'E405', 'E404: the page is not there.'],
  ['a word of another case', 'what does E405 mean', 'E405', 'e404 means that it is not there.'],
] as const)('%s', ([, question, missing, text, prefix]) => {
  expect(namesAnother(question, [missing], page(text, prefix))).toBe(true);
  expect(namesAnother(question, [], page(text, prefix))).toBe(false);
  expect(namesAnother(question, [missing], page(`${text} Then there is ${missing}.`, prefix))).toBe(false);
});

test.for([
  ['nothing of its kind', 'How is 2.4.2 installed?', '2.4.2', 'It is installed with 3 screws in 5 minutes.'],
  ['a measure', 'How is 2.4.2 installed?', '2.4.2', 'Pump the tyre up to 2.5 bar.'],
  ['what is asked beside it', 'Does KL-31 fit the ZX-4?', 'KL-31', 'The ZX-4 takes covers of 30 mm.'],
  ['one of the family that is asked for', 'What changed in 2.4?', '2.4', 'In 2.4.1 the lamp is dimmed.'],
  ['a name without digits', 'Who is Zorblax?', 'Zorblax', 'Helen wrote 2.4.1.'],
  ['another kind of code', 'What does E405 mean?', 'E405', 'A4 is the size of the page.'],
] as const)('not %s', ([, question, missing, text]) => {
  expect(namesAnother(question, [missing], page(text))).toBe(false);
});
