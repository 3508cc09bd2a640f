import { isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { FileRecord } from './record.ts';

/**
 * The entries of a YAML or JSON text that is a list, or an object with a list called `tests`; what stands beside that list goes with each of them.
 * @throws InvalidInputError naming the line, for a text that is no YAML or neither of these
 */
export function yamlRecords(path: string, text: string): FileRecord[] {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const lineOf = (offset: number) => counter.linePos(offset).line;
  const [error] = document.errors;
  if (error) {
    const where = `${path}:${lineOf(error.pos[0])}`;
    throw new InvalidInputError({
      domain: 'dataset',
      where,
      cause: error,
      message: `${where} is not valid YAML (${error.message}).`,
      hint: 'Fix that line and try again.',
    });
  }
  const root = document.contents;
  const tests = isMap(root) ? root.get('tests', true) : root;
  const whole: unknown = document.toJS();
  const around = isMap(root) ? withoutTests(whole as Record<string, unknown>) : undefined;
  if (!isSeq(tests)) {
    // One path of a file with the tests, which the format's reader follows.
    const named = isMap(root) ? (whole as Record<string, unknown>).tests : undefined;
    if (typeof named === 'string') return [{ where: `${path}:1`, value: named, around: around! }];
    throw new InvalidInputError({
      domain: 'dataset',
      where: `${path}:1`,
      message: `${path} is neither a list nor an object with a list called \`tests\`.`,
      hint: 'Give a list of entries.',
    });
  }
  const values = (isMap(root) ? (whole as { tests: unknown[] }).tests : whole) as unknown[];
  return tests.items.map((item, at) => {
    const [offset = 0] = (item as { range?: [number, number, number] }).range ?? [];
    return { where: `${path}:${lineOf(offset)}`, value: values[at], ...(around && { around }) };
  });
}

function withoutTests({ tests: _, ...around }: Record<string, unknown>): Record<string, unknown> {
  return around;
}
