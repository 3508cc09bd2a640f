import { valueAt } from '../../answer/structured-output.ts';
import type { Settings, StyleRule } from '../../core/settings.ts';
import type { Case } from '../../core/types/example.ts';

/** What the metrics need to know of a project: parts of `config.answer`, so that is what callers pass. */
export interface MetricSettings {
  output?: Settings['answer']['output'];
  /** The sentence that stands for "the sources do not say". */
  notInSources: string;
  styleRules: StyleRule[];
}

/** The right answer's text: `expected` itself, or its text field. undefined where a case expects fields only. */
export function expectedText(testCase: Case, settings: MetricSettings): string | undefined {
  if (typeof testCase.expected === 'string') return testCase.expected;
  const text = valueAt(testCase.expected, settings.output?.textField ?? 'response');
  return typeof text === 'string' ? text : undefined;
}

/** All texts that are right: the expected one first, then those that are accepted too. */
export function expectedTexts(testCase: Case, settings: MetricSettings): string[] {
  const text = expectedText(testCase, settings);
  return [...(text === undefined ? [] : [text]), ...(testCase.accepted ?? [])];
}

/** True when the right answer to this case is that the sources do not say. */
export function expectsAbstention({ answerable }: Pick<Case, 'answerable'>): boolean {
  return answerable === false;
}
