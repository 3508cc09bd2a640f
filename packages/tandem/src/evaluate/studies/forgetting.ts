import type { ProgressListener } from '../../core/progress.ts';
import type { AdapterReference, LocalChatTools } from '../../models/local-tools.ts';
import { generalTasks, type TaskFamily, type TaskItem } from './general-tasks.ts';
import { type BeforeAndAfter, type ForgettingStudy, type ForgottenFamily, shiftOf } from './study.ts';

/**
 * General tasks before and after training: the model without its adapter and with it chooses among a few answers by their log-likelihood per
 * character (lm-evaluation-harness calls it `acc_norm`), so that neither has to be good at saying it. A family that the model without the adapter does by chance
 * only is shown and does not count: nothing can be forgotten there.
 */
export async function studyForgetting(
  { id, ...adapter }: AdapterReference & { id: string },
  chat: Pick<LocalChatTools, 'scoreContinuation'>,
  {
    families = generalTasks,
    ...options
  }: { families?: readonly TaskFamily[]; signal: AbortSignal; onProgress?: ProgressListener },
): Promise<ForgettingStudy> {
  const { signal, onProgress } = options;
  const total = families.reduce((sum, { items }) => sum + items.length, 0);
  let done = 0;
  const told = (detail: string) =>
    onProgress?.({ stage: 'asking general tasks', done, total, unit: 'questions', detail });
  const rows = new Map<string, BeforeAndAfter[]>();
  for (const { id, name, items } of families) {
    const own: BeforeAndAfter[] = [];
    for (const item of items) {
      told(name);
      own.push({
        group: `${id} ${own.length}`,
        before: Number(await choosesRight(item, { chat, signal })),
        after: Number(await choosesRight(item, { chat, signal, adapter })),
      });
      done++;
    }
    rows.set(id, own);
  }
  const studied = families.map((family): ForgottenFamily => {
    const { before, after, difference } = shiftOf(rows.get(family.id)!)!;
    const chance =
      family.items.reduce((sum, { choices }) => sum + 1 / choices.length, 0) / family.items.length;
    return {
      id: family.id,
      name: family.name,
      chance,
      counts: before.low > chance,
      base: before,
      tuned: after,
      difference,
    };
  });
  const counting = studied.filter(({ counts }) => counts).flatMap((family) => rows.get(family.id)!);
  const overall = shiftOf(counting);
  return { adapterId: id, families: studied, ...(overall && { overall }) };
}

/** Whether the right answer is the likeliest, by the logarithm of its probability per character. */
async function choosesRight(
  { question, choices }: TaskItem,
  {
    chat,
    signal,
    adapter,
  }: {
    chat: Pick<LocalChatTools, 'scoreContinuation'>;
    signal: AbortSignal;
    adapter?: AdapterReference;
  },
): Promise<boolean> {
  const scores: number[] = [];
  for (const continuation of choices) {
    const { logProbability } = await chat.scoreContinuation({
      messages: [{ role: 'user', content: question }],
      continuation,
      abortSignal: signal,
      ...(adapter && { adapter }),
    });
    scores.push(logProbability / continuation.length);
  }
  return scores.slice(1).every((score) => score < scores[0]!);
}
