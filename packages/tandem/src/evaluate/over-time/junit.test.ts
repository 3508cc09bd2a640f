import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import { syntheticComparison } from '../synthetic-comparison.fixture.ts';
import type { GateOutcome } from './gate.ts';
import { escapeXml, junitXml } from './junit.ts';

interface Element {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Element[];
}

/** Strict: throws at what is not well-formed. */
function parseXml(xml: string): Element {
  const root: Element = { name: '', attributes: {}, text: '', children: [] };
  const open = [root];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: attributes as Record<string, string>, text: '', children: [] };
    open.at(-1)!.children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    open.at(-1)!.text += text;
  });
  parser.on('closetag', () => open.pop());
  parser.write(xml).close();
  return root.children[0]!;
}

test('a suite for each arm that can be chosen, a test for each case, and counts that add up', async () => {
  const result = await syntheticComparison({
    chances: { base: { '*': 0.3 }, rag: { '*': 0.7 }, extract: { '*': 0.3 } },
    references: ['extract'],
    groups: 8,
  });
  const rag = result.cases[0]!.arms.rag!;
  delete rag.answer;
  rag.failure = { message: 'It failed: <no> & "why"', code: 'x' };
  const gate: GateOutcome = {
    passed: false,
    arm: 'rag',
    against: 'run_1',
    groups: 8,
    leastGroups: 20,
    sentence: 'Too few.',
  };
  const suites = parseXml(junitXml(result, gate));
  expect(suites.children.map(({ attributes }) => attributes.name)).toEqual(['base', 'rag', 'gate']);
  for (const { attributes, children } of suites.children) {
    const count = (name: string) => children.filter((each) => each.children[0]?.name === name).length;
    expect(Number(attributes.tests)).toBe(children.length);
    expect(Number(attributes.failures)).toBe(count('failure'));
    expect(Number(attributes.errors)).toBe(count('error'));
  }
  const wrong = result.cases.filter(({ arms }) => arms.base!.values.right === 0).length;
  expect(Number(suites.children[0]!.attributes.failures)).toBe(wrong);
  expect(suites.children[1]!.children[0]!.children[0]!.attributes.message).toBe('It failed: <no> & "why"');
  expect(suites.attributes.tests).toBe(String(2 * result.cases.length + 1));
  expect(suites.children[2]!.children[0]!.children[0]!.attributes.message).toBe('Too few.');
});

test('any text is well-formed XML, and comes back but for what XML has no place for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { attributes, text: inside } = parseXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`);
      const kept = text
        .toWellFormed()
        .replace(/[^\P{Cc}\t\n\r\u007f-\u009f]|[\ufffe\uffff]/gu, '\ufffd')
        .replace(/\r\n?/gu, '\n');
      expect(inside).toBe(kept);
      expect(attributes.b!.length).toBe(kept.length);
    }),
  );
});
