import { settingsSchema } from '../../core/settings.ts';
import { exampleSchema } from '../../core/types/example.ts';
import { caseLineSchema } from '../cases.ts';
import { describeFault } from '../jsonl.ts';
import { linesOfForm } from '../line-forms.ts';
import { trainingQuestionSchema } from '../training-question.ts';
import type { Check, Found } from './check.ts';
import { isEmptyAnswer } from './empty-answers.ts';
import { type LintItem, learntReplies } from './items.ts';

// Whatever the project's own sentence for a refusal is, the form is the same.
const { answer } = settingsSchema.parse({});
const questionLine = linesOfForm(trainingQuestionSchema, answer);
const caseLine = linesOfForm(caseLineSchema, answer);

export const schema: Check = {
  name: 'schema',
  severity: 'error',
  finds: 'entries that cannot be read or lack what their form needs, and what of an entry is not used',
  find: ({ items, faults }) => [...faults, ...items.flatMap(faultOf)],
};

function faultOf(item: LintItem): Found[] {
  // An empty reply is told by its own check, in better words.
  if (learntReplies(item).some(isEmptyAnswer)) return [];
  const schemaOf = item.form === 'example' ? exampleSchema : item.split === 'cases' ? caseLine : questionLine;
  const parsed = schemaOf.safeParse(item.line);
  return parsed.success
    ? []
    : [{ where: item.where, message: `does not fit: ${describeFault(parsed.error)}` }];
}
