import type { AnswerOptions } from '../answer/answerer.ts';
import { extractAnswer } from '../answer/extract.ts';
import type { Answer } from '../core/types/answer.ts';
import type { Project } from './project.ts';

export interface AskOptions extends Partial<AnswerOptions> {
  adapterId?: string;
  /** No language model: what the best passage says in its own words. */
  extract?: boolean;
}

/** One question to the project's arm in use (or the one given); the answer's trace is kept. */
export async function ask(project: Project, question: string, options: AskOptions = {}): Promise<Answer> {
  const { adapterId, extract, ...rest } = options;
  if (extract) {
    const parts = { config: project.config, catalog: project.catalog, retriever: await project.retriever() };
    return extractAnswer(parts, question, rest);
  }
  const deployment = await project.deployment();
  const arm = options.arm ?? deployment.arm;
  const answerer = await project.answerer(arm, adapterId ?? deployment.adapterId);
  return answerer.answer(question, { ...rest, arm });
}
