import { sha256 } from '../core/hash.ts';
import type { Case } from '../core/types/example.ts';
import { independentGroups } from './independent-groups.ts';

export type Split = 'train' | 'validation' | 'cases';

/**
 * Which part of a question file a group belongs to: decided by a hash of the group, so that the groups of a file stay where they were
 * when it grows, and all wordings of one question are on the same side. Shares: 50 % training, 10 % validation,
 * 40 % held out.
 */
export function splitOf(group: string): Split {
  const position = Number.parseInt(sha256(`tandem split\n${group}`).slice(0, 8), 16) / 2 ** 32;
  return position < 0.5 ? 'train' : position < 0.6 ? 'validation' : 'cases';
}

/**
 * The part that each line of a question file belongs to. Lines that ask the same in other words belong to one group (`independentGroups`): else one
 * could be trained on and the other asked.
 */
export function splitsOf(
  lines: readonly {
    id: string;
    question: string;
    group?: string | undefined;
    expected?: Case['expected'] | undefined;
  }[],
): Split[] {
  // By what they say alone: places of answers are known only where the documents are.
  const asked = lines.map(({ id, question, group, expected }) => ({
    id,
    question,
    ...(group !== undefined && { group }),
    ...(expected !== undefined && { expected }),
  }));
  return independentGroups(asked).map(splitOf);
}
