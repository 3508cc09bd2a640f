import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { exampleSchema } from '../../core/types/example.ts';
import { readConversation } from '../conversation.ts';
import type { Check, Found } from './check.ts';
import type { LintItem } from './items.ts';

export const roles: Check = {
  name: 'roles',
  severity: 'error',
  finds: 'turns in an order that the model is never asked in, and roles that cannot be trained here',
  find: ({ items }, { settings }) =>
    items
      .filter(({ form }) => form === 'example')
      .flatMap((item) => [...orderOf(item), ...(settings.tune.trainer === 'hosted' ? [] : foreignTo(item))]),
};

function orderOf({ where, messages }: LintItem): Found[] {
  const spoken = messages.map(({ role }) => (role === 'developer' ? 'system' : role));
  const found: Found[] = [];
  const firstReply = spoken.indexOf('assistant');
  if (firstReply >= 0 && !spoken.slice(0, firstReply).includes('user'))
    found.push({ where, message: 'the assistant replies before the user has said anything' });
  if (spoken.lastIndexOf('system') > spoken.findIndex((role) => role !== 'system') && spoken[0] !== undefined)
    found.push({
      where,
      severity: 'warning',
      message: `a system message stands in the middle (messages.${spoken.lastIndexOf('system')})`,
    });
  const twice = spoken.findIndex(
    (role, at) => at > 0 && role === spoken[at - 1] && role !== 'system' && role !== 'tool',
  );
  if (twice >= 0)
    found.push({
      where,
      severity: 'warning',
      message: `two turns of the ${spoken[twice]} stand in a row (messages.${twice})`,
    });
  return found;
}

/** What the chat template of a local model has no place for. */
function foreignTo({ where, line }: LintItem): Found[] {
  const parsed = exampleSchema.safeParse(line);
  if (!parsed.success) return [];
  try {
    readConversation(parsed.data, where);
    return [];
  } catch (error) {
    if (!InvalidInputError.isInstance(error)) throw error;
    return [{ where, message: error.message.replace(`${where} `, '').replace(/\.$/, '') }];
  }
}
