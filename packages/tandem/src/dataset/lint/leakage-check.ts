import type { Case, Example } from '../../core/types/example.ts';
import { findLeakage } from '../leakage.ts';
import type { Check, LintContext } from './check.ts';
import { type LintItem, learntReplies, questionOf } from './items.ts';

export const leakage: Check = {
  name: 'leakage',
  severity: 'error',
  finds:
    'held-out questions or answers that a training example gives away, and groups on both sides of the split',
  async find({ items }, context) {
    const trained = items.filter(({ split }) => split === 'train');
    const heldOut = items.filter(({ split }) => split !== 'train');
    if (trained.length === 0 || heldOut.length === 0) return [];
    const { findings } = findLeakage({
      examples: trained.map(exampleOf),
      cases: heldOut.map(caseOf),
      documents: await documentsOf(context),
    });
    return findings.map(({ caseId, exampleIndex, kind, overlap }) => {
      const held = heldOut[Number(caseId)]!;
      const { where } = trained[exampleIndex]!;
      const what = {
        'same group': `has the group "${held.group}" of`,
        'same question': overlap === 1 ? 'asks the question of' : 'asks nearly the question of',
        'same answer': `has ${Math.floor(100 * overlap)} % of the answer's wording of`,
      }[kind];
      return {
        where,
        message: `${what} ${held.where}, which is ${held.split === 'cases' ? 'a held-out case' : 'for validation'}`,
      };
    });
  },
};

function exampleOf({ messages, id, group }: LintItem): Example {
  return {
    messages: messages.map(({ role, text }) => ({ role: role as 'user', content: text })),
    ...((id !== undefined || group !== undefined) && {
      metadata: { ...(id !== undefined && { id }), ...(group !== undefined && { group }) },
    }),
  };
}

/** Called by its place, since ids need not be its own. */
function caseOf(item: LintItem, at: number): Case {
  return {
    id: String(at),
    question: questionOf(item),
    expected: learntReplies(item).join('\n'),
    ...(item.group !== undefined && { group: item.group }),
  };
}

/** Where boilerplate is counted. */
async function documentsOf({ documents }: LintContext): Promise<{ id: string; text: string }[]> {
  const all: { id: string; text: string }[] = [];
  for await (const { id, text } of documents?.all() ?? []) all.push({ id, text });
  return all;
}
