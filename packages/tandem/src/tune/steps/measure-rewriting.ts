import { join } from 'node:path';
import { writeSearchQuery } from '../../answer/write-search-query.ts';
import { isHit } from '../../core/span-overlap.ts';
import type { Rewriting } from '../../core/types/adapter.ts';
import type { Case } from '../../core/types/example.ts';
import { type DatasetParts, trainingQuestions } from '../../dataset/build-dataset.ts';
import type { TrainingContext, TrainingPlan, TrainingResult } from '../training-data.ts';

/** Questions that are searched twice: each costs the model a short reply. */
const mostQuestions = 40;

type Context = TrainingContext<
  Pick<DatasetParts, 'settings' | 'catalog' | 'models' | 'material' | 'dataDirectory' | 'retriever'>
>;

/**
 * Whether the model was trained to write search queries, and, where it was, what they find on the validation questions: each is searched as it was asked, and with
 * the model's query too. A provider's model is not asked.
 */
export async function measureRewriting(
  { plan, trained }: { plan: TrainingPlan; trained: TrainingResult },
  context: Context,
): Promise<Rewriting> {
  const { parts, signal, onProgress } = context;
  const isTrained = plan.teachesRewriting;
  if (!isTrained || 'model' in trained) return { isTrained };
  const questions = (await trainingQuestions(parts))
    .filter(
      (question): question is typeof question & Required<Pick<Case, 'source'>> =>
        question.split === 'validation' && question.source !== undefined,
    )
    .slice(0, mostQuestions);
  if (questions.length === 0) return { isTrained };
  const chat = await parts.models.chat();
  const retriever = await parts.retriever();
  const adapter = { path: join(parts.dataDirectory, trained.directory, trained.files.gguf) };
  const { answer, retrieve } = parts.settings;
  let [found, foundRewritten] = [0, 0];
  for (const [at, { question, source }] of questions.entries()) {
    signal?.throwIfAborted();
    const finds = async (searchQuery?: string) => {
      const { passages } = await retriever.retrieve(question, {
        k: retrieve.k,
        ...(searchQuery && { searchQuery }),
        ...(signal && { signal }),
      });
      return passages.some((passage) => passage.documentId === source.documentId && isHit(passage, source));
    };
    const { searchQuery } = await writeSearchQuery(question, { chat, answer, adapter, signal });
    if (await finds()) found += 1;
    if (await finds(searchQuery)) foundRewritten += 1;
    onProgress?.({ stage: 'measuring rewriting', done: at + 1, total: questions.length, unit: 'questions' });
  }
  return {
    isTrained,
    validation: {
      questions: questions.length,
      recall: found / questions.length,
      recallRewritten: foundRewritten / questions.length,
    },
  };
}
