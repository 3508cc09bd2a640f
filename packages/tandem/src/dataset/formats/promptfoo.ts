import { type Around, type Converted, type DatasetFormat, type Fields, Unfit } from './format.ts';

interface Assertion extends Fields {
  type: string;
  value?: unknown;
}

/** Assertions that say what the right answer is. */
const saysOne: ReadonlySet<string> = new Set([
  'equals',
  'contains',
  'icontains',
  'starts-with',
  'similar',
  'factuality',
  'model-graded-factuality',
]);
const saysSeveral: ReadonlySet<string> = new Set(['contains-any', 'icontains-any']);

/** What the variable that is asked may be called, the first that is there. */
const questionNames = ['question', 'query', 'prompt', 'input', 'message', 'q', 'text'];

/**
 * Tests of promptfoo (https://www.promptfoo.dev/docs/configuration/reference/): `{vars, assert}`, alone, in a config's `tests`, or as rows of CSV with the
 * column `__expected`. What they assert of style or form, or by a program or a judge, is no expected answer and is left out.
 */
export const promptfoo: DatasetFormat = {
  name: 'promptfoo',
  title: 'a test of promptfoo',
  recognises: ({ vars, assert, ...others }) =>
    isFields(vars) || Array.isArray(assert) || Object.keys(others).some((name) => expectedColumn.test(name)),
  toQuestions(entry, around) {
    const shared = isFields(around.file.defaultTest) ? around.file.defaultTest : {};
    const test = isFields(entry.vars) || Array.isArray(entry.assert) ? entry : testOfRow(entry);
    const vars = { ...fieldsOf(shared.vars), ...fieldsOf(test.vars) };
    const assertions = [...assertionsOf(shared), ...assertionsOf(test)];
    const { expected, leftOut } = expectedOf(assertions);
    return variantsOf(vars).map((each): Converted => {
      const question = questionOf(each, around);
      return {
        line: {
          ...(typeof test.description === 'string' && { kind: test.description }),
          question,
          expected,
        },
        ...(leftOut.length > 0 && { leftOut }),
      };
    });
  },
};

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

const expectedColumn = /^__expected\d*$/;

/** A row of CSV: `__expected` holds the assertion, `__description` and the like are promptfoo's own, the other columns are variables. */
function testOfRow(row: Fields): Fields {
  const cells = Object.entries(row);
  const { __description: description } = row;
  return {
    ...(description !== undefined && { description }),
    vars: Object.fromEntries(cells.filter(([name]) => !name.startsWith('__'))),
    assert: cells
      .filter(([name]) => expectedColumn.test(name))
      .map(([, cell]) => {
        const [, type, value] = /^(not-[a-z-]+|[a-z]+(?:-[a-z]+)*):\s*(.*)$/s.exec(String(cell)) ?? [];
        return type === undefined || /^https?$/.test(type)
          ? { type: 'equals', value: cell }
          : { type, value: saysSeveral.has(type) ? value!.split(',').map((each) => each.trim()) : value };
      }),
  };
}

function assertionsOf(test: Fields): Assertion[] {
  if (test.assert === undefined) return [];
  if (!Array.isArray(test.assert)) throw new Unfit('`assert` is not a list');
  return test.assert.flatMap((assertion: Fields): Assertion[] => {
    if (assertion?.type === 'assert-set') return assertionsOf(assertion);
    if (typeof assertion?.type !== 'string') throw new Unfit('an assertion has no `type`');
    return [assertion as Assertion];
  });
}

/** The right answers that the assertions name: the first is expected, the others are accepted too. */
function expectedOf(assertions: readonly Assertion[]): { expected: unknown; leftOut: string[] } {
  const named: string[] = [];
  const leftOut: string[] = [];
  const hold = (value: unknown) => {
    // A template or a file is no text yet.
    if (!/^(?:string|number|boolean)$/.test(typeof value) || /\{\{|^file:\/\//.test(String(value)))
      return false;
    named.push(String(value));
    return true;
  };
  for (const { type, value } of assertions) {
    const isHeld =
      (saysOne.has(type) && hold(value)) ||
      (saysSeveral.has(type) && Array.isArray(value) && value.every(hold));
    if (!isHeld) leftOut.push(`the assertion ${type}`);
  }
  if (named.length === 0)
    throw new Unfit(
      leftOut.length > 0
        ? `it says what is right only by ${leftOut.join(', ')}`
        : 'it asserts nothing, so that no answer is known to be right',
      `Add an assertion that names the answer: ${[...saysOne, ...saysSeveral].join(', ')}.`,
    );
  const [first, ...others] = new Set(named);
  return { expected: others.length > 0 ? [first, ...others] : first, leftOut: [...new Set(leftOut)] };
}

/** A variable that is a list stands for a test with each of its values. */
function variantsOf(vars: Fields): Fields[] {
  return Object.entries(vars).reduce<Fields[]>(
    (variants, [name, value]) =>
      (Array.isArray(value) ? value : [value]).flatMap((each) =>
        variants.map((variant) => ({ ...variant, [name]: each })),
      ),
    [{}],
  );
}

function questionOf(vars: Fields, { columns }: Around): string {
  const names = Object.keys(vars);
  const asked =
    columns.question ??
    questionNames.find((name) => names.includes(name)) ??
    (names.length === 1 ? names[0] : undefined);
  if (asked === undefined || !names.includes(asked))
    throw new Unfit(
      names.length === 0
        ? 'it has no `vars`'
        : `of its variables ${names.join(', ')} none is known as the question`,
      'Call it `question`, or say which it is in `columns`.',
    );
  const value = vars[asked];
  if (typeof value !== 'string' || value.startsWith('file://'))
    throw new Unfit(`its variable \`${asked}\` is not a text`);
  return value;
}
