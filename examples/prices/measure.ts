import { type Answer, ask, type Citation } from 'tandem';
import type { Project } from 'tandem/project';
import type { Shop } from './shop.ts';

/** `extract`: the sources' own words, without a language model. */
export const asked = ['tuned', 'rag', 'hybrid', 'extract'] as const;
export type Asked = (typeof asked)[number];

/** One way to answer, before and after a price changed. */
export interface AroundChange {
  arm: Asked;
  before: Answer;
  after: Answer;
  /** The live fact that the answer after the change cites, and when it was read. Absent where it cites none. */
  citation?: Citation & { readAt: string };
  /** ISO 8601, UTC. */
  changedAt: string;
  /** Seconds from the change to the row among the passages that the answer is written from: search and look-up. Absent where no row was read. */
  secondsToRow?: number;
  /** Seconds from the change to the whole answer. */
  secondsToAnswer: number;
}

/** Asks an arm, changes the price in the database, and asks it the same again. */
export async function askAroundChange(
  project: Project,
  shop: Shop,
  {
    arm,
    question,
    product,
    from,
    to,
    signal,
  }: { arm: Asked; question: string; product: string; from: number; to: number; signal?: AbortSignal },
): Promise<AroundChange> {
  const answer = () =>
    ask(project, question, { ...(arm === 'extract' ? { extract: true } : { arm }), signal });
  shop.setPrice(product, from);
  const before = await answer();
  shop.setPrice(product, to);
  const [changed, started] = [Date.now(), performance.now()];
  const after = await answer();
  const secondsToAnswer = (performance.now() - started) / 1000;
  const readAt = after.passages.find(isLive)?.freshness?.seenAt;
  const citation = after.citations.find(isLive);
  return {
    arm,
    before,
    after,
    changedAt: new Date(changed).toISOString(),
    secondsToAnswer,
    ...(readAt !== undefined && { secondsToRow: (Date.parse(readAt) - changed) / 1000 }),
    ...(citation && readAt !== undefined && { citation: { ...citation, readAt } }),
  };
}

const isLive = ({ uri }: { uri: string }) => uri.startsWith('live:');

export const saysPrice = ({ text }: Pick<Answer, 'text'>, dollars: number) =>
  new RegExp(`\\$${dollars}(?![\\d.,]*\\d)`).test(text);
