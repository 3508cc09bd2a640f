import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { runSteps } from '../../packages/tandem/src/answer/run-steps.ts';
import { answerSteps } from '../../packages/tandem/src/answer/steps/answer-steps.ts';
import { ingest } from '../../packages/tandem/src/index.ts';
import { openProject } from '../../packages/tandem/src/project/index.ts';
import { writeClinicProject } from './clinic-project.ts';

/** What rag asks its model for so many of the example's questions: real passages, the grammar of the answer's form. */
export async function collectPrompts(model: string, count: number): Promise<LanguageModelV4CallOptions[]> {
  using clinic = writeClinicProject(model, Number.POSITIVE_INFINITY);
  await using project = await openProject({ directory: clinic.directory });
  await ingest(project);
  const calls: LanguageModelV4CallOptions[] = [];
  const recorder: LanguageModelV4 = {
    specificationVersion: 'v4',
    provider: 'recorder.chat',
    modelId: 'recorder',
    supportedUrls: {},
    async doGenerate({ abortSignal: _signal, ...call }) {
      calls.push(call);
      return {
        content: [],
        finishReason: { unified: 'stop', raw: undefined },
        usage: {
          inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
          outputTokens: { total: 0, text: 0, reasoning: 0 },
        },
        warnings: [],
      };
    },
    doStream: async () => {
      throw new Error('Nothing is streamed here.');
    },
  };
  const steps = answerSteps({
    arm: 'rag',
    settings: project.settings,
    chat: recorder,
    catalog: project.catalog,
    retriever: await project.retriever(),
    embedder: await project.models.embedder(),
  });
  // Where nothing is found to answer from, the model is not asked.
  for (const question of clinic.questions) {
    if (calls.length === count) break;
    await runSteps(steps, { question, arm: 'rag' });
  }
  return calls;
}
