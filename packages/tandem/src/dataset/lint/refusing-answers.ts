import { withoutMarkers } from '../../answer/citations.ts';
import { type Check, excerpt } from './check.ts';
import { learntReplies } from './items.ts';
import { refusalPhrases } from './refusal-phrases.ts';

export const refusingAnswers: Check = {
  name: 'refusing-answers',
  severity: 'warning',
  finds:
    'replies in which an assistant declines or speaks of itself as a program instead of answering; that the sources do not say it is no such reply',
  find: ({ items }, { settings }) =>
    items.flatMap((item) => {
      const refusing = learntReplies(item).find(
        (reply) => withoutMarkers(reply) !== settings.answer.notInSources.trim() && isRefusal(reply),
      );
      return refusing === undefined
        ? []
        : [{ where: item.where, message: `the reply declines: "${excerpt(refusing)}"` }];
    }),
};

/** Where people who decline say so: at the beginning. */
const beginning = 160;

function isRefusal(reply: string): boolean {
  const said = reply.normalize('NFC').replace(/[’‘]/g, "'").replace(/\s+/g, ' ').trim().slice(0, beginning);
  return refusalPhrases.some((phrase) => phrase.test(said));
}
