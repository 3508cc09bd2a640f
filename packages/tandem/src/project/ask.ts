import type { AnswerOptions } from '../answer/answerer.ts';
import type { Answer } from '../core/types/answer.ts';
import type { Project } from './project.ts';

/** One question to the project's arm in use (or the one given); the answer's trace is kept. */
export async function ask(
  project: Project,
  question: string,
  options: Partial<AnswerOptions> & { adapterId?: string } = {},
): Promise<Answer> {
  const deployment = await project.deployment();
  const arm = options.arm ?? deployment.arm;
  const answerer = await project.answerer(arm, options.adapterId ?? deployment.adapterId);
  const { adapterId: _adapterId, ...rest } = options;
  return answerer.answer(question, { ...rest, arm });
}
