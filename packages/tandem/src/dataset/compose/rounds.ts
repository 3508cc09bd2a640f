import { valueAt } from '../../answer/structured-output.ts';
import type { Settings } from '../../core/settings.ts';
import { type Random, shuffled } from '../../statistics/random.ts';
import type { TrainingQuestion, Wording } from '../training-question.ts';

/**
 * Pairs of question and wording, more than any mix takes: rounds over the questions, each round with another wording. Questions with rare
 * values of the compared field come more often (weight 1/√frequency).
 */
export function roundsOf(
  questions: readonly TrainingQuestion[],
  usable: (wording: Wording) => boolean,
  { answer }: Pick<Settings, 'answer'>,
  random: Random,
): { question: TrainingQuestion; wording: Wording }[] {
  const label = (question: TrainingQuestion) => {
    const field = answer.output?.confidence?.of;
    return field && typeof question.expected === 'object' ? String(valueAt(question.expected, field)) : '';
  };
  const frequency = new Map<string, number>();
  for (const question of questions) frequency.set(label(question), (frequency.get(label(question)) ?? 0) + 1);
  const most = Math.max(1, ...frequency.values());
  const pairs: { question: TrainingQuestion; wording: Wording; order: number }[] = [];
  for (const question of questions) {
    const own: Wording = {
      question: question.question,
      ...(question.searchQuery && { searchQuery: question.searchQuery }),
    };
    const wordings = shuffled([...(question.wordings ?? [own])].filter(usable), random);
    const repeats = Math.round(Math.sqrt(most / frequency.get(label(question))!));
    for (let turn = 0; turn < Math.max(8, wordings.length) * repeats; turn++) {
      const wording = wordings[turn % Math.max(1, wordings.length)];
      if (wording) pairs.push({ question, wording, order: Math.floor(turn / repeats) + random.next() });
    }
  }
  return pairs.sort((a, b) => a.order - b.order);
}
