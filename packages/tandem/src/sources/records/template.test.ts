import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileTemplate } from './template.ts';

const render = (template: string, fields: Record<string, unknown>) =>
  compileTemplate(template, 'x').render(fields);

test('values, paths, sections, inverted sections, lists and remarks', () => {
  expect(render('{{a}} {{ b.c }} {{d}}{{e}}.', { a: 1, b: { c: 'x' }, d: null })).toBe('1 x .');
  expect(render('{{#a}}yes{{/a}}{{^a}}no{{/a}}', { a: '' })).toBe('no');
  expect(render('{{#a}}yes{{/a}}{{^a}}no{{/a}}', { a: 0n })).toBe('no');
  expect(render('{{#tags}}[{{.}}]{{/tags}}{{^tags}}none{{/tags}}', { tags: ['p', 'q'] })).toBe('[p][q]');
  expect(render('{{#tags}}[{{.}}]{{/tags}}{{^tags}}none{{/tags}}', { tags: [] })).toBe('none');
  expect(render('{{#o}}{{name}} of {{town}}{{/o}}', { o: { name: 'N' }, town: 'T' })).toBe('N of T');
  expect(render('a{{! nothing\n to see }}b', {})).toBe('ab');
  expect(render('{{x}} {{', { x: 1 })).toBe('1 {{');
});

test('nothing is escaped, and nothing comes from where objects come from', () => {
  expect(render('{{a}}', { a: '<b> & "c" {{d}}', d: 'no' })).toBe('<b> & "c" {{d}}');
  expect(render('[{{constructor}}{{a.constructor.name}}{{__proto__}}]', { a: {} })).toBe('[]');
});

test('a section alone on its line takes the line with it', () => {
  expect(render('A\n{{#list}}\n- {{.}}\n{{/list}}\nB\n', { list: [1, 2] })).toBe('A\n- 1\n- 2\nB\n');
  expect(render('A\n  {{#x}}  \r\nin\n  {{/x}}', { x: true })).toBe('A\nin\n');
  expect(render('A {{#x}}in{{/x}} B\n', { x: true })).toBe('A in B\n');
});

test('kinds of values', () => {
  expect(render('{{v}}', { v: new Date('2026-01-02T03:04:05.678Z') })).toBe('2026-01-02T03:04:05.678Z');
  expect(render('{{v}}', { v: Buffer.from([0, 255]) })).toBe('00ff');
  expect(render('{{v}}', { v: { a: [1] } })).toBe('{"a":[1]}');
  expect(render('{{v}}', { v: 12345678901234567890n })).toBe('12345678901234567890');
});

test('mistakes are told with their line', () => {
  const message = (template: string) => {
    try {
      compileTemplate(template, 'sources.0.template');
    } catch (error) {
      return (error as Error).message;
    }
    return 'none';
  };
  expect(message('a\nb {{#x}}')).toBe(
    'The template in `sources.0.template` is wrong at line 2: {{#x}} is never closed.',
  );
  expect(message('{{/x}}')).toMatch(/line 1: \{\{\/x\}\} closes nothing/);
  expect(message('{{#x}}\n{{#y}}\n{{/x}}')).toMatch(/line 3: \{\{\/x\}\} is where \{\{\/y\}\} should be/);
  expect(message('{{}}')).toMatch(/a tag names nothing/);
});

test('text without tags is itself, and a value is written wherever its tag is', () => {
  const text = fc.string().filter((each) => !each.includes('{') && !each.includes('}'));
  fc.assert(
    fc.property(text, (plain) => {
      expect(render(plain, {})).toBe(plain);
    }),
  );
  fc.assert(
    fc.property(text, text, fc.string(), (before, after, value) => {
      expect(render(`${before}{{v}}${after}`, { v: value })).toBe(before + value + after);
      expect(render(`${before}x{{#v}}${after}{{/v}}y`, { v: [1, 2] })).toBe(`${before}x${after}${after}y`);
    }),
  );
});
