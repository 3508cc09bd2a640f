import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutMarkers } from '../../answer/citations.ts';
import type { Answer } from '../../core/types/answer.ts';
import type { Case } from '../../core/types/example.ts';
import type { ArmInfo } from '../arm.ts';
import { syntheticSettings } from '../synthetic-comparison.fixture.ts';
import { createMetrics, holdsSource, rougeL, tokenF1 } from './index.ts';
import { comparableWords } from './words.ts';

/** Written by references/make_references.py: SQuAD's script and the rouge-score package. */
const reference: { answer: string; expected: string; f1: number; rougeL: number }[] = JSON.parse(
  readFileSync(new URL('references/text-overlap.json', import.meta.url), 'utf8'),
);

const rag: ArmInfo = {
  name: 'rag',
  label: 'rag',
  description: '',
  reference: false,
  retrieves: true,
  trained: false,
};
const base: ArmInfo = { ...rag, name: 'base', retrieves: false };
const expected = {
  intent: 'treatment',
  entities: { condition: 'Cystic fibrosis' },
  response: 'Treatment eases symptoms and prevents infections [1]. There is no cure [1].',
};
const testCase: Case = {
  id: 'a',
  question: 'What are the treatments for CF?',
  expected,
  source: { documentId: 'cf', start: 1000, end: 1400 },
};
const passage = (documentId: string, start: number, end: number): Answer['passages'][number] => ({
  id: `${documentId}#${start}`,
  documentId,
  ordinal: 0,
  start,
  end,
  text: 'x'.repeat(end - start),
  headingPath: [],
  uri: documentId,
  title: documentId,
  rank: 1,
  score: 1,
  scores: {},
});
const cite = (documentId: string, start: number, end: number): Answer['citations'][number] => ({
  marker: 1,
  documentId,
  uri: documentId,
  start,
  end,
  quote: '',
  sentence: '',
});
const perfect: Answer = {
  question: testCase.question,
  arm: 'rag',
  text: expected.response,
  output: expected,
  raw: JSON.stringify(expected),
  abstained: false,
  citations: [cite('cf', 1000, 1400), cite('cf', 1000, 1400)],
  danglingMarkers: [],
  passages: [passage('cf', 900, 1350), passage('other', 0, 500)],
  confidence: 0.9,
  usage: { promptTokens: 100, completionTokens: 20 },
  timings: { generate: 900, total: 1000 },
  traceId: 't',
};
const metrics = createMetrics(syntheticSettings);
const score = (id: string, answer: Partial<Answer> = {}, of: Case = testCase, arm = rag) =>
  metrics.find((metric) => metric.id === id)!.value({ answer: { ...perfect, ...answer }, testCase: of, arm });

describe('text overlap', () => {
  it('is what SQuAD and rouge-score compute', () => {
    expect(reference.length).toBeGreaterThan(80);
    for (const row of reference) {
      expect(tokenF1(row.answer, row.expected), `F1 of ${row.answer} | ${row.expected}`).toBeCloseTo(
        row.f1,
        9,
      );
      expect(rougeL(row.answer, row.expected), `ROUGE-L of ${row.answer}`).toBeCloseTo(row.rougeL, 9);
    }
  });

  it('is symmetric, between 0 and 1, and 1 for a text with itself', () => {
    const text = fc
      .array(fc.constantFrom('low', 'fat', 'diet', 'vitamin', 'E', 'gene', 'MTTP'), { minLength: 1 })
      .map((words) => words.join(' '));
    fc.assert(
      fc.property(text, text, (a, b) => {
        for (const measure of [tokenF1, rougeL]) {
          expect(measure(a, b)).toBeCloseTo(measure(b, a), 12);
          expect(measure(a, b)).toBeGreaterThanOrEqual(0);
          expect(measure(a, b)).toBeLessThanOrEqual(1);
          expect(measure(a, a)).toBe(1);
        }
        expect(rougeL(a, b)).toBeLessThanOrEqual(tokenF1(a, b) + 1e-12);
      }),
    );
  });

  it('leaves citation markers out and keeps other brackets', () => {
    expect(withoutMarkers('One [1]. Two [2, 3]. Three [4][5] [sic].')).toBe('One. Two. Three [sic].');
    expect(comparableWords('The diet [12] is "low-fat".')).toEqual(['diet', 'is', 'lowfat']);
    expect(tokenF1('A diet [1].', 'diet')).toBe(1);
  });

  it('scores nothing said as wrong', () => {
    expect(tokenF1('', 'diet')).toBe(0);
    expect(rougeL('', 'diet')).toBe(0);
  });
});

describe('the whole answer', () => {
  it('is right when form, fields and text are', () => {
    expect(score('right')).toBe(1);
    expect(score('right-cited')).toBe(1);
  });

  it.each<[string, Partial<Answer>]>([
    ['not JSON', { output: undefined }],
    ['another intent', { output: { ...expected, intent: 'symptoms' } }],
    ['another condition', { output: { ...expected, entities: { condition: 'Gaucher disease' } } }],
    ['another text', { text: 'It is a rare disease of the lungs and of the pancreas.' }],
    ['an abstention', { text: 'Our sources do not say.', abstained: true }],
  ])('is wrong with %s', (_, change) => {
    expect(score('right', change)).toBe(0);
  });

  it('is shown as token F1 alone counts it too', () => {
    const words = expected.response.replace(/\s*\[\d+\]/g, '').split(' ');
    // A third of the words kept, strange ones in the place of the others.
    const half = words.map((word, index) => (index % 3 === 0 ? word : `strange${index}`)).join(' ');
    expect(tokenF1(half, expected.response)).toBeLessThan(0.5);
    expect(score('right-by-f1', { text: half })).toBe(0);
    expect(score('right-by-f1')).toBe(1);
  });

  it('accepts one of several texts', () => {
    const other = { text: 'Ask your doctor.' };
    expect(score('right', other)).toBe(0);
    expect(score('right', other, { ...testCase, accepted: ['Ask a doctor.'] })).toBe(1);
    expect(score('token-f1', other, { ...testCase, accepted: ['Ask your doctor.'] })).toBe(1);
  });

  it('forgives case and punctuation of a normalised field, not of an exact one', () => {
    expect(score('right', { output: { ...expected, entities: { condition: 'cystic Fibrosis.' } } })).toBe(1);
    expect(score('right', { output: { ...expected, intent: 'Treatment' } })).toBe(0);
  });

  it('wants an abstention where the sources do not say', () => {
    const unanswerable: Case = {
      ...testCase,
      source: undefined,
      expected: { ...expected, response: 'Our sources do not say.' },
      answerable: false,
    };
    const silent = { text: 'Our sources do not say.', abstained: true };
    expect(score('right', silent, unanswerable)).toBe(1);
    expect(score('right', {}, unanswerable)).toBe(0);
    expect(score('right-cited', silent, unanswerable)).toBeUndefined();
    expect(score('right-unanswerable', silent, unanswerable)).toBe(1);
    expect(score('right-answerable', silent, unanswerable)).toBeUndefined();
    expect(score('right-unanswerable', silent)).toBeUndefined();
    expect(score('right-answerable')).toBe(1);
    // Fields that are expected all the same have to be right, too.
    const fieldsAlone = { ...unanswerable, expected: { intent: 'treatment' } };
    expect(score('right', silent, fieldsAlone)).toBe(1);
    expect(score('right', {}, fieldsAlone)).toBe(0);
    expect(score('right', { ...silent, output: { ...expected, intent: 'causes' } }, fieldsAlone)).toBe(0);
    expect(score('abstained-when-missing', silent, unanswerable)).toBe(1);
    expect(score('abstained-when-missing', {}, unanswerable)).toBe(0);
  });

  it('works for a project without an output schema, on the text alone', () => {
    const plain = createMetrics({ notInSources: 'I do not know.', styleRules: [] });
    const ids = plain.map((metric) => metric.id);
    expect(ids).not.toContain('valid-json');
    const right = plain.find((metric) => metric.id === 'right')!;
    const input = {
      answer: { ...perfect, output: undefined },
      testCase: { id: 'p', question: 'q', expected: 'Treatment eases symptoms and prevents infections.' },
      arm: rag,
    };
    expect(right.value(input)).toBe(1);
    expect(right.value({ ...input, answer: { ...perfect, text: 'No idea at all.' } })).toBe(0);
  });
});

describe('sources', () => {
  it('a span holds the source from a quarter of the shorter on, in the same document', () => {
    const source = testCase.source!;
    expect(holdsSource({ documentId: 'cf', start: 600, end: 1100 }, source)).toBe(true);
    expect(holdsSource({ documentId: 'cf', start: 600, end: 1099 }, source)).toBe(false);
    expect(holdsSource({ documentId: 'cf', start: 1200, end: 1260 }, source)).toBe(true);
    expect(holdsSource({ documentId: 'cf', start: 1400, end: 1800 }, source)).toBe(false);
    expect(holdsSource({ documentId: 'gd', start: 1000, end: 1400 }, source)).toBe(false);
  });

  it('counts a marker that names no passage as a wrong citation', () => {
    expect(score('citation-precision')).toBe(1);
    expect(score('citation-precision', { danglingMarkers: [9, 9] })).toBe(0.5);
    expect(score('citation-precision', { citations: [], danglingMarkers: [9] })).toBe(0);
    expect(score('citation-precision', { citations: [cite('cf', 1000, 1400), cite('other', 0, 50)] })).toBe(
      0.5,
    );
  });

  it('leaves answers without citations out of precision, not out of "cites the right passage"', () => {
    expect(score('citation-precision', { citations: [] })).toBeUndefined();
    expect(score('cited', { citations: [] })).toBe(0);
    expect(score('cited', {}, testCase, base)).toBeUndefined();
    expect(score('cited', {}, { ...testCase, source: undefined })).toBeUndefined();
  });

  it('accepts a cited sentence whose passage holds the source', () => {
    expect(score('cited', { citations: [cite('cf', 910, 960)] })).toBe(1);
    expect(score('cited', { citations: [cite('other', 10, 60)] })).toBe(0);
  });

  it('asks for an answer when the passage was there and for abstention when it was not', () => {
    const missed = { passages: [passage('other', 0, 500)] };
    expect(score('hit')).toBe(1);
    expect(score('hit', missed)).toBe(0);
    expect(score('hit', {}, testCase, base)).toBeUndefined();
    expect(score('answered-when-found')).toBe(1);
    expect(score('answered-when-found', { abstained: true })).toBe(0);
    expect(score('answered-when-found', missed)).toBeUndefined();
    expect(score('abstained-when-missing')).toBeUndefined();
    expect(score('abstained-when-missing', missed)).toBe(0);
    expect(score('abstained-when-missing', { ...missed, abstained: true })).toBe(1);
    expect(score('abstained-when-missing', { ...missed, abstained: true }, testCase, base)).toBeUndefined();
  });
});

describe('form, style and cost', () => {
  it('knows JSON that fits from JSON that does not', () => {
    expect(score('valid-json')).toBe(1);
    expect(score('valid-json', { output: undefined })).toBe(0);
    expect(score('field:intent', { output: undefined })).toBe(0);
    expect(score('field:intent', {}, { ...testCase, expected: { response: 'x' } })).toBeUndefined();
  });

  it('scores the confidence stated against what was right', () => {
    expect(score('confidence-brier')).toBeCloseTo(0.01, 12);
    expect(score('confidence-brier', { output: { ...expected, intent: 'x' } })).toBeCloseTo(0.81, 12);
    expect(score('confidence-brier', { confidence: undefined })).toBeUndefined();
  });

  it('gives the share of style rules kept and each rule', () => {
    expect(score('style', { text: 'Good! 30 % of people.' })).toBeCloseTo(1 / 3, 12);
    expect(score('style:no-exclamation', { text: 'Good!' })).toBe(0);
    expect(score('style:short', { text: 'Good!' })).toBe(1);
  });

  it('names the style rule that throws', () => {
    const rule = {
      id: 'broken',
      description: '',
      check: () => {
        throw new Error('no such thing');
      },
    };
    const broken = createMetrics({ ...syntheticSettings, styleRules: [rule] });
    const style = broken.find((metric) => metric.id === 'style')!;
    expect(() => style.value({ answer: perfect, testCase, arm: rag })).toThrow(
      'The style rule "broken" failed on an answer: no such thing.',
    );
  });

  it('counts words without markers, tokens, and milliseconds', () => {
    expect(score('length')).toBe(10);
    expect(score('prompt-tokens')).toBe(100);
    expect(score('latency')).toBe(1000);
  });
});
