import type { AnswerRecord, CaseRecord, ComparisonResult } from '../comparison-result.ts';
import { formatValue } from '../format.ts';
import type { GateOutcome } from './gate.ts';

/**
 * A comparison as JUnit XML, for a CI's list of tests: a test suite for each arm, a test case for each case. Below half of the primary metric a case
 * is a failure; an answer that could not be given is an error; a case without a value is skipped. Yardsticks are left out. Where there is
 * a gate, it is a suite of its own with one test case.
 */
export function junitXml(result: ComparisonResult, gate?: GateOutcome): string {
  const arms = result.arms.filter(({ reference }) => !reference);
  const suites = arms.map(({ name }) => suiteOf(name, result));
  const all = gate ? [...suites, gateSuite(gate)] : suites;
  const total = (name: 'tests' | 'failures' | 'errors') => all.reduce((sum, suite) => sum + suite[name], 0);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites${attributes({ name: result.project, tests: total('tests'), failures: total('failures'), errors: total('errors') })}>
${all.map(({ xml }) => xml).join('\n')}
</testsuites>
`;
}

interface Suite {
  tests: number;
  failures: number;
  errors: number;
  xml: string;
}

type Outcome = 'passed' | 'failure' | 'error' | 'skipped';

function suiteOf(arm: string, result: ComparisonResult): Suite {
  const cases = result.cases.map((record) => testCase(arm, record, result));
  const count = (outcome: Outcome) => cases.filter((each) => each.outcome === outcome).length;
  const counts = { tests: cases.length, failures: count('failure'), errors: count('error') };
  const head = attributes({ name: arm, ...counts, skipped: count('skipped'), timestamp: result.startedAt });
  return {
    ...counts,
    xml: `  <testsuite${head}>\n${cases.map(({ xml }) => xml).join('\n')}\n  </testsuite>`,
  };
}

function testCase(
  arm: string,
  record: CaseRecord,
  result: ComparisonResult,
): { outcome: Outcome; xml: string } {
  const metric = result.metrics.find(({ id }) => id === result.primary.metric)!;
  const { answer, failure, values } = record.arms[arm]!;
  const value = values[metric.id];
  const head = attributes({
    name: `${record.case.id}: ${record.case.question}`,
    classname: `${arm}${record.case.kind === undefined ? '' : `.${record.case.kind}`}`,
    time: ((answer?.timings.total ?? 0) / 1000).toFixed(3),
  });
  if (failure) return { outcome: 'error', xml: element(head, 'error', failure.message, failure.hint ?? '') };
  if (value === undefined)
    return { outcome: 'skipped', xml: element(head, 'skipped', `no value of ${metric.name}`) };
  const isBad = metric.direction === 'lower' ? value > 0.5 : value < 0.5;
  if (!isBad) return { outcome: 'passed', xml: `    <testcase${head}/>` };
  const message = `${metric.name}: ${formatValue(value, metric.unit)}`;
  return { outcome: 'failure', xml: element(head, 'failure', message, saidAndExpected(record, answer)) };
}

function saidAndExpected({ case: { expected } }: CaseRecord, answer: AnswerRecord | undefined): string {
  const wanted = typeof expected === 'string' ? expected : JSON.stringify(expected, null, 2);
  return `expected: ${wanted}\nanswered: ${answer?.text ?? ''}`;
}

function gateSuite({ passed, arm, against, sentence }: GateOutcome): Suite {
  const head = attributes({ name: `${arm} against ${against}`, classname: 'gate' });
  const inside = passed ? `    <testcase${head}/>` : element(head, 'failure', sentence);
  const counts = { tests: 1, failures: passed ? 0 : 1, errors: 0 };
  return {
    ...counts,
    xml: `  <testsuite${attributes({ name: 'gate', ...counts })}>\n${inside}\n  </testsuite>`,
  };
}

function element(head: string, name: string, message: string, text = ''): string {
  return `    <testcase${head}><${name}${attributes({ message })}>${escapeXml(text)}</${name}></testcase>`;
}

function attributes(given: Record<string, string | number>): string {
  return Object.entries(given)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value)).replace(/[\t\n\r]/gu, ' ')}"`)
    .join('');
}

/** For content and quoted attributes. What XML 1.0 has no place for (control characters, half characters) becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/gu, (character) => entities[character]!);
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
