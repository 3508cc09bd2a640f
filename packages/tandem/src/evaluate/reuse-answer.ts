import { isLive } from '../answer/live/live-uri.ts';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import type { Answer } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import type { ResultStore } from './result-store.ts';

/** The stored answer, else one that is made now and stored; undefined where the prompt does not fit the context. */
export async function reuseAnswer(
  store: ResultStore,
  { key, arm, testCase }: { key: string; arm: string; testCase: Case },
  makeAnswer: () => Promise<Answer>,
): Promise<Answer | undefined> {
  const row = store.get(key);
  // What was read at the moment of the question is read again.
  if (row && !row.answer?.passages.some(isLive)) return row.answer;
  const place = { arm, caseId: testCase.id, pass: 'answers' } as const;
  try {
    const answer = await makeAnswer();
    await store.put(key, { ...place, answer });
    return answer;
  } catch (error) {
    if (!ContextOverflowError.isInstance(error)) throw error;
    await store.put(key, { ...place, failure: { message: error.message, code: error.code } });
    return undefined;
  }
}
